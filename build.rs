//! Tells the linker that Node provides the Node-API symbols.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}
