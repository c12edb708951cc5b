import Testing

@testable import CareSyncCore

@Suite("IP addresses")
struct IPAddressTests {
    @Test(
        "equal addresses are written alike",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("::1", "::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:0201", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"),
        ])
    func spelling(_ text: String, _ spelled: String) {
        #expect(IPAddress(text)?.description == spelled)
        #expect(IPAddress(text) == IPAddress(spelled))
    }

    @Test(
        "anything else is no address",
        arguments: [
            "", " 192.0.2.1", "192.0.2", "192.0.2.256", "192.0.02.1", "192.0.2.1:80", "[::1]", "fe80::1%eth0", "::1/64",
            "localhost", "1:2:3:4:5:6:7:8:9", "192.0.2.1\n", "\u{0}",
        ])
    func none(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("the loopback addresses are known")
    func loopback() {
        for text in ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"] {
            #expect(IPAddress(text)?.isLoopback == true)
        }
        for text in ["128.0.0.1", "::2", "::", "1::1"] { #expect(IPAddress(text)?.isLoopback == false) }
    }
}
