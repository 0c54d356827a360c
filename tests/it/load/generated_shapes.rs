//! Files that are generated in the shape of a mapping are read by it.

use salesgraph::sample::{OrderFiles, SampleOptions, Shape, generate};

use super::mappings::{plain, same_rows};

#[tokio::test]
async fn generated_files_of_a_shape_give_the_rows_of_plain_ones() {
    let expected = plain().await;
    for shape in [Shape::Adventureworks, Shape::ExcelDe] {
        let dir = tempfile::tempdir().expect("a folder");
        let options = SampleOptions {
            out: dir.path().to_owned(),
            scale: 0.02,
            seed: 7,
            defects: 0.0,
            optional: true,
            orders: OrderFiles::Csv,
            shape,
        };
        let summary = generate(&options, &mut |_, _| {}).expect("a sample");
        let files: Vec<(String, Vec<u8>)> = summary
            .files
            .into_iter()
            .map(|(name, _, bytes)| {
                let content = std::fs::read(dir.path().join(&name)).expect("a file");
                assert_eq!(content.len() as u64, bytes, "{name}");
                (name, content)
            })
            .collect();
        same_rows(shape.mapping().expect("a mapping"), "generated", &files, &expected).await;

        // Plain files in their place leave none of them.
        let options = SampleOptions { shape: Shape::Plain, ..options };
        let plain = generate(&options, &mut |_, _| {}).expect("a sample").files;
        for (name, _) in files {
            let is_plain = plain.iter().any(|(own, ..)| *own == name);
            assert_eq!(dir.path().join(&name).exists(), is_plain, "{name}");
        }
    }
}
