//! The fleet by regions, as everybody may know it.

use super::{Fleet, PbxHealth};
use crate::store::StoreError;
use shared::ids::PbxId;
use std::collections::BTreeMap;

impl Fleet {
    /// How the hosts of each region are. One that has not enrolled yet, or may not connect any more, is no part of the
    /// service.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn regions(&self) -> Result<BTreeMap<String, Vec<PbxHealth>>, StoreError> {
        let hosts = self
            .0
            .store
            .read(|tx| {
                tx.legible(
                    "SELECT id, region FROM pbxs WHERE EXISTS (
                         SELECT 1 FROM agent_keys
                         WHERE agent_keys.pbx_id = pbxs.id AND agent_keys.revoked_at IS NULL)",
                    &[],
                    |row| Ok((row.get::<PbxId>(0)?, row.get::<String>(1)?)),
                )
            })
            .await?;
        let mut regions: BTreeMap<String, Vec<PbxHealth>> = BTreeMap::new();
        for (id, region) in hosts {
            let host = self.0.hub.snapshot(id).map(|(host, _)| host);
            regions.entry(region).or_default().push(PbxHealth::of(host.as_ref()));
        }
        Ok(regions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fleet::testing::TestHost,
        store::{Store, testing},
    };
    use shared::time::Timestamp;

    async fn enrolled(store: &Store, name: &'static str) {
        let enrolled = store.write(move |tx| {
            tx.execute(
                "INSERT INTO agent_keys (pbx_id, public_key, enrolled_at)
                 SELECT id, name, $2 FROM pbxs WHERE name = $1",
                &[&name, &Timestamp::now()],
            )
        });
        assert_eq!(enrolled.await.unwrap(), 1);
    }

    #[tokio::test]
    async fn hosts_are_told_by_region_once_they_have_enrolled() {
        let (store, dir) = (testing::store().await, tempfile::tempdir().unwrap());
        let fleet = Fleet::open(store.clone(), dir.path()).await.unwrap();
        let host = TestHost::connect(&fleet, "pbx-1", 1).await;
        assert_eq!(fleet.regions().await.unwrap(), BTreeMap::new());
        enrolled(&store, "pbx-1").await;
        let regions = |health| BTreeMap::from([("eu".to_owned(), vec![health])]);
        assert_eq!(fleet.regions().await.unwrap(), regions(PbxHealth::Healthy));
        host.disconnect();
        assert_eq!(fleet.regions().await.unwrap(), regions(PbxHealth::Offline));
        store.write(|tx| tx.execute("UPDATE agent_keys SET revoked_at = 1", &[])).await.unwrap();
        assert_eq!(fleet.regions().await.unwrap(), BTreeMap::new());
    }
}
