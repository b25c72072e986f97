//! Sockets by inode: /proc/self/net/{tcp,tcp6,udp,udp6,unix}. See proc_net(5).

use std::collections::{HashMap, HashSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What a socket is called in a list of open descriptors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    pub name: String,
    pub state: Option<&'static str>,
}

/// The sockets of this process.
#[derive(Debug, Default)]
pub struct SocketTable {
    internet: HashMap<u64, Internet>,
    unix: HashMap<u64, String>,
    /// Ports this process listens on: connections from there came in.
    listening: HashSet<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Internet {
    local: SocketAddr,
    remote: SocketAddr,
    /// Index into [`TCP_STATES`]; `None` for UDP, whose state says nothing.
    state: Option<usize>,
}

/// From the kernel's include/net/tcp_states.h, starting at 1.
const TCP_STATES: [&str; 12] = [
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "NEW_SYN_RECV",
];
const LISTEN: usize = 9;

impl SocketTable {
    /// Reads the tables of this network namespace, keeping what has one of these inodes.
    pub fn read(inodes: &[u64]) -> Self {
        let wanted: HashSet<u64> = inodes.iter().copied().collect();
        let table = |name: &str| fs::read_to_string(format!("/proc/self/net/{name}")).unwrap_or_default();
        let mut found = Self::default();
        for (name, is_tcp) in [("tcp", true), ("tcp6", true), ("udp", false), ("udp6", false)] {
            let text = table(name);
            let sockets = text.lines().skip(1).filter_map(|line| parse_internet(line, is_tcp));
            found.internet.extend(sockets.filter(|(inode, _)| wanted.contains(inode)));
        }
        let text = table("unix");
        found
            .unix
            .extend(text.lines().skip(1).filter_map(parse_unix).filter(|(inode, _)| wanted.contains(inode)));
        found.listening = found
            .internet
            .values()
            .filter(|socket| socket.state == Some(LISTEN))
            .map(|socket| socket.local.port())
            .collect();
        found
    }

    /// The name and state of the socket with this inode.
    pub fn describe(&self, inode: u64) -> Socket {
        let Some(socket) = self.internet.get(&inode) else {
            let path = self.unix.get(&inode).map_or("(unconnected)", String::as_str);
            return Socket { name: path.into(), state: None };
        };
        let incoming = socket.state != Some(LISTEN)
            && socket.state.is_some()
            && self.listening.contains(&socket.local.port());
        let name = if incoming {
            format!(":{} (incoming)", socket.local.port())
        } else if socket.remote.port() == 0 {
            socket.local.to_string()
        } else {
            socket.remote.to_string()
        };
        Socket { name, state: socket.state.map(|state| TCP_STATES[state]) }
    }
}

/// `sl local remote state queues timer retransmits uid timeout inode …`
fn parse_internet(line: &str, is_tcp: bool) -> Option<(u64, Internet)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let state = usize::from_str_radix(fields.get(3)?, 16).ok()?.checked_sub(1)?;
    let socket = Internet {
        local: parse_address(fields[1])?,
        remote: parse_address(fields[2])?,
        state: (is_tcp && state < TCP_STATES.len()).then_some(state),
    };
    Some((fields.get(9)?.parse().ok()?, socket))
}

/// Hexadecimal, the address as 32-bit words in the machine's own byte order, the port in network order.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Option<Vec<[u8; 4]>> = address
        .as_bytes()
        .chunks(8)
        .map(|word| Some(u32::from_str_radix(str::from_utf8(word).ok()?, 16).ok()?.to_ne_bytes()))
        .collect();
    let bytes = words?.concat();
    let address = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)).to_canonical(),
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

/// `num refcount protocol flags type state inode path`
fn parse_unix(line: &str) -> Option<(u64, String)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let inode = fields.get(6)?.parse().ok()?;
    Some((inode, fields.get(7).map_or("unix (unnamed)".into(), |path| format!("unix {path}"))))
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const TCP: &str = "   1: 0100007F:1F90 0100007F:C350 08 00000000:00000001 00:00000000 00000000  1000        0 41234 1 0000000000000000 20 4 30 10 -1";
    const TCP6: &str = "   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5555 1 0000000000000000 100 0 0 10 0";
    const MAPPED: &str = "   2: 0000000000000000FFFF00000100007F:0BB8 0000000000000000FFFF00000200000A:D431 01 00000000:00000000 00:00000000 00000000     0        0 5556 1 0000000000000000 20 4 30 10 -1";

    #[test]
    fn reads_recorded_lines() {
        let (inode, socket) = parse_internet(TCP, true).unwrap();
        assert_eq!(
            (inode, socket.local.to_string().as_str(), socket.remote.to_string().as_str()),
            (41234, "127.0.0.1:8080", "127.0.0.1:50000")
        );
        assert_eq!(TCP_STATES[socket.state.unwrap()], "CLOSE_WAIT");
        let (_, socket) = parse_internet(TCP6, true).unwrap();
        assert_eq!(
            (socket.local.to_string().as_str(), TCP_STATES[socket.state.unwrap()]),
            ("[::]:3000", "LISTEN")
        );
        assert_eq!(
            parse_unix("0000000000000000: 00000002 00000000 00010000 0001 01 6789 /run/app.sock"),
            Some((6789, "unix /run/app.sock".into()))
        );
        assert_eq!(parse_internet("garbage", true), None);
    }

    #[test]
    fn a_connection_to_an_own_port_came_in() {
        let internet = [TCP, TCP6, MAPPED].iter().filter_map(|line| parse_internet(line, true)).collect();
        let table = SocketTable { internet, listening: HashSet::from([3000]), ..SocketTable::default() };
        assert_eq!(
            table.describe(5556),
            Socket { name: ":3000 (incoming)".into(), state: Some("ESTABLISHED") }
        );
        assert_eq!(table.describe(5555), Socket { name: "[::]:3000".into(), state: Some("LISTEN") });
        assert_eq!(
            table.describe(41234),
            Socket { name: "127.0.0.1:50000".into(), state: Some("CLOSE_WAIT") }
        );
        assert_eq!(table.describe(1), Socket { name: "(unconnected)".into(), state: None });
    }
}
