//! Every row of the table of permissions, cell by cell, over the wire.

use super::{World, nowhere, of_members};
use crate::{
    accounts::{members::Role, permissions::Act},
    web::api::table::Access,
};
use serde_json::json;
use std::collections::HashSet;

#[tokio::test]
async fn each_role_may_what_the_table_says_and_nothing_else() {
    // The one who may delete everything goes last.
    for role in [Role::Viewer, Role::Member, Role::Admin, Role::Owner] {
        let world = World::make().await;
        let browser = world.sign_in_as(role).await;
        for route in of_members() {
            let Access::Member(act, ..) = route.access else { continue };
            let answer = browser.send(route.method, &nowhere(route), &json!({})).await;
            let seen = format!("{} {} as {}: {answer:?}", route.method, route.path, role.as_str());
            if role.may(act) {
                assert!(!matches!(answer.status, 401 | 403 | 405), "{seen}");
                assert!(answer.status < 500, "{seen}");
            } else {
                assert_eq!((answer.status, answer.code.as_str()), (403, "not_permitted"), "{seen}");
            }
        }
        world.server.stop().await;
    }
}

#[test]
fn no_row_of_the_table_is_without_a_route() {
    let asked: HashSet<Act> = of_members()
        .into_iter()
        .filter_map(|route| match route.access {
            Access::Member(act, ..) => Some(act),
            Access::Open(_) | Access::Person(_) => None,
        })
        .collect();
    for act in Act::ALL {
        assert!(asked.contains(&act), "{}", act.as_str());
    }
}
