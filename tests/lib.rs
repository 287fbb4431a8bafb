//! End-to-end tests of Motet; see the modules of `main.rs`.
