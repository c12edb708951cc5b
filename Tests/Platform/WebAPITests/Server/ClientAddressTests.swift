import Testing

@testable import WebAPI

@Suite("The client's address")
struct ClientAddressTests {
    @Test(
        "X-Forwarded-For counts from trusted proxies only, from the right",
        arguments: [
            ("10.0.0.1", nil, "10.0.0.1"), ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"), ("10.0.0.1", "203.0.113.9 ,10.0.0.2", "203.0.113.9"),
            ("10.0.0.1", "10.0.0.2", "10.0.0.1"), ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "1.1.1.1, unknown", "10.0.0.1"), ("10.0.0.1", "1.1.1.1, 203.0.113.9:4711", "203.0.113.9"),
            ("10.0.0.1", "1.1.1.1, 10.0.0.2:4711", "1.1.1.1"), ("10.0.0.1", "\t203.0.113.9\t", "203.0.113.9"),
            ("10.0.0.1", "[2001:DB8::1]:443", "2001:db8::1"), ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
            ("10.0.0.1", "1.1.1.1, [2001:db8::1", "10.0.0.1"), ("10.0.0.1", "1.1.1.1, :443", "10.0.0.1"),
            ("10.0.0.1", "1.1.1.1, []", "10.0.0.1"), ("10.0.0.1", "1.1.1.1, a:b:c", "10.0.0.1"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"), ("203.0.113.7", "1.1.1.1", "203.0.113.7"),
        ])
    func forwarded(_ peer: String, _ field: String?, _ address: String) {
        let addresses = ClientAddress(trustedProxies: ["10.0.0.1", "10.0.0.2"])
        #expect(addresses.resolve(peer: peer, forwardedFor: field) == address)
    }

    @Test("a connection without an address has an empty one")
    func none() {
        #expect(ClientAddress(trustedProxies: [""]).resolve(peer: "", forwardedFor: nil).isEmpty)
    }
}
