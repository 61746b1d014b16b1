//! Writes the OpenAPI document to the file named on the command line.

#![expect(clippy::print_stdout, reason = "a command says what it did")]

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let file =
        std::env::args().nth(1).ok_or("name the file to write, as in: openapi openapi/openapi.json")?;
    std::fs::write(&file, openapi::json())?;
    println!("Wrote {file}. Commit it with the change that made it differ.");
    Ok(())
}
