import Testing

@testable import Directory

@Suite("Addresses in profiles")
struct LinkPolicyTests {
    private let links = LinkPolicy(base: "https://clinic.example")

    @Test(
        "https addresses of hosts are taken",
        arguments: [
            "https://a.example", "HTTPS://A.example/b?c=d#e", "https://a-b.example:8443/x", "https://a.example/%22",
        ])
    func taken(_ address: String) {
        #expect(links.complaint(address) == nil)
        #expect(!links.isOwn(address))
    }

    @Test(
        "everything else is refused",
        arguments: [
            "", "https://", "https:///x", "http://a.example", "javascript:alert(1)", "https://user@a.example",
            "https://a.example@b.example", "https://a.example:0", "https://a.example:x", "https://a.example:99999",
            "https://localhost", "https://-a.example", "https://a..example", "https://a.example/ x",
            "https://a.example/\"", "https://a.example\\b", "https://ä.example", "https://a.example/\u{202E}x",
            "//a.example",
        ])
    func refused(_ address: String) {
        #expect(links.complaint(address) != nil)
    }

    @Test("this server's own are told by host and port, however they are written, and are never written")
    func own() {
        for address in [
            "https://clinic.example/public/files/abc", "https://clinic.example", "HTTPS://Clinic.Example:443/x",
            "https://clinic.example?x", "https://clinic.example/a/../b",
        ] {
            #expect(links.isOwn(address), "\(address)")
            #expect(links.complaint(address) != nil, "\(address)")
        }
        for address in [
            "https://clinic.example.evil.example/x", "http://clinic.example/x", "https://clinic.example:8443/x", "x",
        ] {
            #expect(!links.isOwn(address), "\(address)")
        }
    }
}
