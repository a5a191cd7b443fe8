//! Giving up root, for PostgreSQL, which refuses to run as root.

use anyhow::Result;

/// Becomes `nobody`, but keeps the one capability that lets it reach files wherever root cloned the project: root's
/// home is closed to others.
#[cfg(target_os = "linux")]
pub(crate) fn become_nobody() -> Result<()> {
    use anyhow::Context;
    use nix::unistd::{User, setgroups, setresgid, setresuid};
    use rustix::thread::{
        CapabilitiesSecureBits, CapabilitySet, CapabilitySets, configure_capability_in_ambient_set, set_capabilities,
        set_capabilities_secure_bits,
    };

    let nobody = User::from_name("nobody")?.context("there is no user nobody: run the command as an ordinary user")?;
    // Otherwise changing the user takes all capabilities away, and access(2) ignores those that were kept.
    set_capabilities_secure_bits(CapabilitiesSecureBits::NO_SETUID_FIXUP)?;
    setgroups(&[])?;
    setresgid(nobody.gid, nobody.gid, nobody.gid)?;
    setresuid(nobody.uid, nobody.uid, nobody.uid)?;
    let kept = CapabilitySet::DAC_OVERRIDE;
    set_capabilities(None, CapabilitySets { effective: kept, permitted: kept, inheritable: kept })?;
    // An ambient capability outlives the start of a program.
    configure_capability_in_ambient_set(kept, true)?;
    Ok(())
}

/// Elsewhere there are no capabilities to keep.
#[cfg(not(target_os = "linux"))]
pub(crate) fn become_nobody() -> Result<()> {
    anyhow::bail!("on this system run the command as an ordinary user")
}
