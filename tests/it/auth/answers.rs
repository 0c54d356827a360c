//! Two callers who see different rows never share an answer: not from the cache, not by an
//! entity tag, not by a query under way.

use hyper::StatusCode;
use salesgraph::auth::{Scope, TokenSigner};
use salesgraph::http::RequestLimits;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{JSON, LIMIT, access};
use crate::support::http::{Answer, CACHE_BYTES, TestServer, state};
use crate::support::{database, fixture, write};

const QUERY: &str = "{salesOrders{totalCount}}";

/// A GET that names its document by its hash.
fn path() -> String {
    let hash: String = Sha256::digest(QUERY).iter().map(|byte| format!("{byte:02x}")).collect();
    let query = QUERY.replace('{', "%7B").replace('}', "%7D");
    let extensions =
        format!("%7B%22persistedQuery%22:%7B%22version%22:1,%22sha256Hash%22:%22{hash}%22%7D%7D");
    format!("/graphql?query={query}&extensions={extensions}")
}

async fn get(server: &TestServer, token: &str, held: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("accept", JSON), ("authorization", &authorization), ("if-none-match", held)];
    let headers = if held.is_empty() { &headers[..2] } else { &headers };
    server.request("GET", &path(), headers, "").await
}

fn count(answer: &Answer) -> Json {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["data"]["salesOrders"]["totalCount"].clone()
}

#[tokio::test]
async fn callers_of_other_scopes_never_share_an_answer() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let signer = TokenSigner::ephemeral().unwrap();
    let access = access(std::slice::from_ref(signer.issuer())).await;
    let state = state(&db.pool, RequestLimits::default()).with_access(access);
    let server = TestServer::serve(state.with_cache(CACHE_BYTES)).await;

    let grants = salesgraph::auth::Grants::known_in("sales:read");
    let token = |org: &str, territories: Option<Vec<i32>>| {
        let scope = Scope::new(Some(org.to_owned()), grants, territories);
        signer.sign("somebody", &scope, LIMIT).unwrap()
    };
    // Of the 180 orders of the fixture each of three territories has 60.
    let callers = [
        (token("a", None), json!(180)),
        (token("a", Some(vec![1])), json!(60)),
        (token("a", Some(vec![1, 2])), json!(120)),
        (token("a", Some(vec![])), json!(0)),
        (token("b", Some(vec![1])), json!(60)),
    ];
    let mut tags = Vec::new();
    for (token, expected) in &callers {
        // The second one comes from the cache.
        for _ in 0..2 {
            assert_eq!(count(&get(&server, token, "").await), *expected);
        }
        tags.push(get(&server, token, "").await.header("etag").to_owned());
    }
    for (caller, (token, expected)) in callers.iter().enumerate() {
        for (other, tag) in tags.iter().enumerate() {
            let answer = get(&server, token, tag).await;
            if caller == other {
                assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
            } else {
                assert_eq!(count(&answer), *expected, "{caller} with the tag of {other}");
            }
        }
    }

    // All at once, of a version of the data that is in no cache yet.
    write(&db.pool, "UPDATE product SET name = name || '!'").await;
    let at_once = callers.iter().cycle().take(40).map(async |(token, expected)| {
        assert_eq!(count(&get(&server, token, "").await), *expected);
    });
    futures_util::future::join_all(at_once).await;
    server.stop().await;
}
