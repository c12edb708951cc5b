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

    @Test("this server's own begin with its address")
    func own() {
        #expect(links.isOwn("https://clinic.example/public/files/abc"))
        for address in [
            "https://clinic.example", "https://clinic.example/", "https://clinic.example.evil.example/x",
            "http://clinic.example/x", "https://clinic.example/a/../b", "https://clinic.example/\u{202E}",
        ] {
            #expect(!links.isOwn(address), "\(address)")
        }
    }
}
