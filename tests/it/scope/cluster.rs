//! A cluster answers as one machine does. Statements for it are executed by the Postgres of the
//! tests, be it one, and keep to what a cluster takes.

use std::collections::BTreeSet;

use salesgraph::auth::{Grants, Scope};

use super::documents::Documents;
use super::sdl::Sdl;
use super::twins::{Twins, Whole};
use crate::support::cluster::refusal;
use crate::support::statements;

/// How many differences are shown.
const SHOWN: usize = 8;

/// Asks both, and looks at the statements for the cluster.
async fn compare(twins: &mut Twins, documents: &[String]) {
    let (mut differences, mut seen) = (Vec::new(), BTreeSet::new());
    for document in documents {
        let one = twins.answer(0, document).await;
        let (other, statements) = statements::during(twins.answer(1, document)).await;
        differences.extend(twins.difference(document, &one, &other));
        seen.extend(statements);
    }
    let (count, asked) = (differences.len(), twins.asked);
    differences.truncate(SHOWN);
    assert!(count == 0, "{count} of {asked} answers differ:\n{}", differences.join("\n\n"));
    assert!(twins.answered > 0, "none of {asked} had data");
    let refused = seen.iter().filter_map(|sql| Some((sql, refusal(sql)?)));
    let refused: Vec<String> =
        refused.map(|(sql, why)| format!("{why}:\n{sql}")).take(SHOWN).collect();
    assert!(refused.is_empty(), "{}", refused.join("\n\n"));
    assert!(seen.len() > 20, "only {} statements", seen.len());
}

#[tokio::test]
async fn a_cluster_answers_as_one_machine_does() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let mut twins = whole.one_and_many(Scope::everything()).await;
    let mut all = documents.content(2);
    all.extend(documents.existence());
    all.extend(documents.ordered());
    all.extend(documents.continued());
    all.extend(documents.followed());
    compare(&mut twins, &all).await;
}

#[tokio::test]
async fn a_cluster_measures_as_one_machine_does() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let mut twins = whole.one_and_many(Scope::everything()).await;
    compare(&mut twins, &documents.aggregated()).await;
}

#[tokio::test]
async fn a_cluster_filters_as_one_machine_does() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let mut twins = whole.one_and_many(Scope::everything()).await;
    compare(&mut twins, &documents.filtered(1)).await;
}

#[tokio::test]
async fn a_cluster_hides_from_partners_what_one_machine_does() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let scope = Scope::new(Some("partner".to_owned()), Grants::all(), Some(vec![1, 7]));
    let mut twins = whole.one_and_many(scope).await;
    let mut all = documents.content(1);
    all.extend(documents.ordered());
    all.extend(documents.aggregated());
    compare(&mut twins, &all).await;
}
