//! Random files, loaded in either mode, against a model of what the tables must hold.

use std::collections::BTreeMap;

use salesgraph::load::Outcome;

use crate::support::TestApp;
use crate::support::draw::Draw;
use crate::support::mirrored::{customer, person};
use crate::support::sample::{CUSTOMER, PERSON};

const ROUNDS: usize = 14;
const IDS: i32 = 60;

/// Persons by id, with the day they were modified and their name; customers by id, with the
/// day and the person.
#[derive(Default)]
struct Model {
    persons: BTreeMap<i32, (u32, String)>,
    customers: BTreeMap<i32, (u32, i32)>,
}

/// Merges rows: an older one changes nothing.
fn merge<T: Clone>(stored: &mut BTreeMap<i32, (u32, T)>, rows: &[(i32, u32, T)]) {
    for (id, day, value) in rows {
        let older = stored.get(id).is_some_and(|(known, _)| known > day);
        if !older {
            stored.insert(*id, (*day, value.clone()));
        }
    }
}

impl Model {
    fn refers_to(&self, person: i32) -> bool {
        self.customers.values().any(|(_, of)| *of == person)
    }
}

#[tokio::test]
async fn tables_are_what_a_model_says() {
    for seed in 1..=3 {
        let app = TestApp::start().await;
        let mut draw = Draw::new(seed);
        let mut model = Model::default();
        for round in 0..ROUNDS {
            let day = |draw: &mut Draw| u32::try_from(draw.between(1, 28)).expect("a day");
            let is_mirror = draw.once_in(2);
            let when = format!("seed {seed}, round {round}, mirror: {is_mirror}");
            let keep = draw.between(1, 10);
            let ids = |draw: &mut Draw| -> Vec<i32> {
                (1..=IDS).filter(|_| draw.between(1, 10) <= keep).collect()
            };
            // A key may be in a file twice.
            let mut person_ids = ids(&mut draw);
            person_ids.extend_from_within(..person_ids.len().min(2));
            let persons: Vec<(i32, u32, String)> = person_ids
                .into_iter()
                .map(|id| (id, day(&mut draw), format!("N{round}x{}", draw.below(9))))
                .collect();
            merge(&mut model.persons, &persons);
            // Only of persons that are there: others would wait.
            let known: Vec<i32> = model.persons.keys().copied().collect();
            let customer_ids = if known.is_empty() { Vec::new() } else { ids(&mut draw) };
            let customers: Vec<(i32, u32, i32)> = customer_ids
                .into_iter()
                .map(|id| (id, day(&mut draw), *draw.one(&known)))
                .collect();
            merge(&mut model.customers, &customers);
            let mut removed = 0;
            if is_mirror {
                let all = model.customers.len() + model.persons.len();
                model.customers.retain(|id, _| customers.iter().any(|(own, ..)| own == id));
                let missing: Vec<i32> = model
                    .persons
                    .keys()
                    .copied()
                    .filter(|id| !persons.iter().any(|(own, ..)| own == id))
                    .filter(|id| !model.refers_to(*id))
                    .collect();
                model.persons.retain(|id, _| !missing.contains(id));
                removed = all - model.customers.len() - model.persons.len();
            }

            let persons: Vec<_> =
                persons.iter().map(|(id, day, name)| person(*id, name, *day)).collect();
            let customers: Vec<_> =
                customers.iter().map(|(id, day, of)| customer(*id, Some(*of), *day)).collect();
            app.put_records(PERSON, &persons).await;
            app.put_records(CUSTOMER, &customers).await;
            let summary = if is_mirror { app.mirror("100%").await } else { app.load_small().await };
            assert_eq!(summary.outcome, Outcome::Succeeded, "{when}: {summary:?}");
            assert_eq!(summary.totals.removed, i64::try_from(removed).expect("few"), "{when}");

            let stored: Vec<(i32, i32, String)> = sqlx::query_as(
                "SELECT business_entity_id, extract(day FROM modified_date)::integer, first_name \
                 FROM person ORDER BY 1",
            )
            .fetch_all(&app.pool)
            .await
            .expect("the persons");
            let expected: Vec<(i32, i32, String)> = model
                .persons
                .iter()
                .map(|(id, (day, name))| (*id, i32::try_from(*day).expect("a day"), name.clone()))
                .collect();
            assert_eq!(stored, expected, "{when}");
            let stored: Vec<(i32, i32)> =
                sqlx::query_as("SELECT customer_id, person_id FROM customer ORDER BY 1")
                    .fetch_all(&app.pool)
                    .await
                    .expect("the customers");
            let expected: Vec<(i32, i32)> =
                model.customers.iter().map(|(id, (_, of))| (*id, *of)).collect();
            assert_eq!(stored, expected, "{when}");
        }
    }
}
