//! From bare hosts to a fleet that rings people: the playbooks, over real SSH, on booted hosts.

mod field;

use anyhow::Result;
use field::Field;

#[tokio::test(flavor = "multi_thread")]
async fn one_run_makes_bare_hosts_ring_people() -> Result<()> {
    let field = Field::boot().await?;
    let first = field.inventory.run("site.yml", &[]).await?;
    anyhow::ensure!(first.succeeded, "{}", first.tail());
    Ok(())
}
