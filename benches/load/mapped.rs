//! Plain files against the same rows in the shape of a mapping, pair by pair.

use std::path::Path;

use salesgraph::sample::Shape;

use crate::Result;
use crate::args::Args;
use crate::data;
use crate::database::{Server, content};
use crate::servers::Input;
use crate::sides::Loader;

/// Runs all pairs and prints what came of them.
pub(crate) async fn compare(args: &Args, server: &mut Server, shape: Shape) -> Result<()> {
    let (folder, shaped) = (data::folder(args)?, data::generated(args, shape)?);
    let loader = |folder: &Path, mapping: Option<&'static str>| Loader {
        program: args.loader.clone(),
        input: Input::folder(folder),
        batch_bytes: args.batch_bytes.clone(),
        mapping,
    };
    let plain = loader(&folder, None);
    let mapped = loader(&shaped, shape.mapping());
    let mut shares = Vec::new();
    let mut expected = None;
    for number in 1..=args.runs {
        let mut seconds = [0.0; 2];
        // Each side goes first in every other pair.
        let order = if number % 2 == 1 { [0, 1] } else { [1, 0] };
        for at in order {
            let url = server.create("side").await?;
            let side = if at == 0 { &plain } else { &mapped };
            let usage = side.load(&url)?;
            if let Some(time) = seconds.get_mut(at) {
                *time = usage.seconds;
            }
            let found = content(&url).await?;
            match &expected {
                None => expected = Some(found),
                Some(rows) if *rows == found => {}
                Some(rows) => return Err(format!("{found:?} and {rows:?}").into()),
            }
            server.drop("side").await?;
        }
        let [plain, mapped] = seconds;
        shares.push(plain / mapped);
        println!(
            "pair {number}: plain {plain:.2} s, {} {mapped:.2} s, {:.2} of the speed",
            shape.mapping().unwrap_or_default(),
            plain / mapped
        );
    }
    shares.sort_by(f64::total_cmp);
    let median = shares.get(shares.len() / 2).copied().unwrap_or_default();
    println!("\nmedian: a mapped file loads at {median:.2} of the speed of a plain one");
    Ok(())
}
