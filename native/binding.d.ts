// Written by scripts/build.js from the Rust sources. Do not edit.

