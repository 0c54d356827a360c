//! What a report shows, and who sees it.

use serde_json::{Value as Json, json};

use super::{lines, started};
use crate::support::reports::partner;

#[tokio::test]
async fn two_partners_get_two_reports_of_their_territories() {
    let test = started().await;
    let one = partner("acme", "sales:read persons:read", Some(&[1]));
    let both = partner("acme", "sales:read persons:read", Some(&[1, 2]));
    let (small, large) =
        (test.make(&one, lines("mine")).await, test.make(&both, lines("mine")).await);
    assert_ne!(small["id"], large["id"]);
    for (scope, report, territories) in [(&one, &small, &["1"][..]), (&both, &large, &["1", "2"])] {
        let records = test.records(report).await;
        let at = records[0].iter().position(|name| name == "territoryId").unwrap();
        let mut found: Vec<&str> = records[1..].iter().map(|record| record[at].as_str()).collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, territories);
        let counted = test.ask(scope, "{ salesOrderLines { totalCount } }", json!({})).await;
        assert_eq!(report["rowCount"], counted["data"]["salesOrderLines"]["totalCount"]);
    }
}

#[tokio::test]
async fn names_are_left_out_for_who_may_not_see_them() {
    let test = started().await;
    let without = partner("acme", "sales:read", None);
    let report = test.make(&without, json!({ "kind": "CUSTOMERS", "project": "p" })).await;
    let header = test.records(&report).await.remove(0);
    assert!(header.contains(&"customerId".to_owned()) && !header.contains(&"lastName".to_owned()));
    let with = partner("acme", "sales:read persons:read", None);
    let report = test.make(&with, json!({ "kind": "CUSTOMERS", "project": "p" })).await;
    let records = test.records(&report).await;
    let at = records[0].iter().position(|name| name == "lastName").unwrap();
    assert_eq!(records[1][at], "Last1");
}

/// On each way to a report: by id, in lists, their counts, subscriptions, cancel.
#[tokio::test]
async fn a_report_is_seen_by_its_organization_as_far_as_its_rights_go() {
    let test = started().await;
    let owner = partner("acme", "sales:read persons:read", Some(&[1, 2]));
    let report = test.make(&owner, lines("secret")).await;
    let sees = [
        ("the same", owner.clone(), true),
        ("more territories", partner("acme", "sales:read persons:read", Some(&[1, 2, 7])), true),
        ("all territories", partner("acme", "sales:read persons:read loads:read", None), true),
        ("fewer territories", partner("acme", "sales:read persons:read", Some(&[1])), false),
        ("no names", partner("acme", "sales:read", None), false),
        ("another organization", partner("other", "sales:read persons:read", None), false),
        ("the operator", salesgraph::auth::Scope::everything(), false),
    ];
    for (who, scope, expected) in sees {
        let found = test.report(&scope, &report["id"]).await;
        assert_eq!(found != Json::Null, expected, "{who}");
        let list = "{ reports(filter: {project: {eq: \"secret\"}}) { totalCount nodes { id } } }";
        let list = test.ask(&scope, list, json!({})).await;
        let (count, nodes) =
            (&list["data"]["reports"]["totalCount"], &list["data"]["reports"]["nodes"]);
        assert_eq!(*count, json!(u8::from(expected)), "{who}: {list}");
        assert_eq!(nodes.as_array().unwrap().len(), usize::from(expected), "{who}");
        let follow = "subscription($id: ID!) { report(id: $id) { state } }";
        let follow = test.ask(&scope, follow, json!({ "id": report["id"] })).await;
        assert_eq!(follow["errors"].is_null(), expected, "{who}: {follow}");
        let cancel =
            "mutation($id: ID!) { cancelReport(input: {reportId: $id}) { report { state } } }";
        let cancel = test.ask(&scope, cancel, json!({ "id": report["id"] })).await;
        assert_eq!(cancel["errors"].is_null(), expected, "{who}: {cancel}");
    }
}
