//! Migrations are built into the crate; cargo would not see that one was added.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
