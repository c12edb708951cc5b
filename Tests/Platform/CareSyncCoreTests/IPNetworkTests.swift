import Testing

@testable import CareSyncCore

@Suite("IP networks")
struct IPNetworkTests {
    @Test(
        "a network holds the addresses that begin like it, and no others",
        arguments: [
            ("10.20.0.0/16", "10.20.0.0", true), ("10.20.0.0/16", "10.20.255.255", true),
            ("10.20.0.0/16", "10.21.0.0", false), ("10.20.0.0/16", "::ffff:10.20.3.4", true),
            ("10.20.30.128/25", "10.20.30.128", true), ("10.20.30.128/25", "10.20.30.127", false),
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
            ("192.0.2.7/32", "192.0.2.7", true), ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true), ("::/0", "203.0.113.9", false),
            ("2001:DB8:0:7::/64", "2001:db8:0:7:ffff::1", true), ("2001:db8:0:7::/64", "2001:db8:0:8::1", false),
            ("2001:db8::1", "2001:db8::1", true), ("2001:db8::1", "2001:db8::2", false),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
        ])
    func contains(_ network: String, _ address: String, _ isInside: Bool) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPAddress(address))) == isInside)
    }

    @Test(
        "anything else is no network",
        arguments: [
            "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8",
            "10.0.0.0/8 ", "10.0.0.1/8", "10.0.0.0/0008", "10.0.0.0/8.0", "10.0.0/8", "2001:db8::/129",
            "2001:db8::1/64",
            "::ffff:10.0.0.0/104", "::ffff:10.0.0.0/8", "localhost/8", "fe80::%eth0/64", "10.0.0.0/٨",
        ])
    func none(_ text: String) {
        #expect(IPNetwork(text) == nil)
    }
}
