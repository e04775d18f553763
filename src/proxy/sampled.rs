//! Figures that are not counted along, but looked at when somebody wants to see them.

use super::ModuleProxy;
use crate::metrics::Metrics;

impl ModuleProxy {
    /// Where everything that is done here is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Looks at what is not counted along: kept lists, watches, the file system. Walks nothing, but waits for locks: not for
    /// async threads.
    pub fn sample(&self) {
        self.catalog.sample();
        // File systems without a size of their own have zero blocks: then nothing is said.
        let disk = self.catalog.store().disk_space().ok();
        let disk = disk.filter(|disk| disk.total > 0);
        let tree = &self.metrics.tree;
        tree.size.set(disk.map(|disk| disk.total));
        tree.available.set(disk.map(|disk| disk.free));
    }
}
