import Testing
import WebAPI

@Suite("Whose quota a request draws on")
struct RateLimitAddressTests {
    /// What is left to the address of each GET, by its `RateLimit` header.
    private func left(_ toys: ToyClient, _ forwardedFor: [String], as token: String? = nil) async throws -> [String] {
        var left: [String] = []
        for hops in forwardedFor {
            let answer = try await toys.get("/api/names/x", as: token, headers: ["X-Forwarded-For": hops])
            #expect(answer.header("RateLimit-Policy")?.hasSuffix(#""read-address";q=12000;w=60"#) == true)
            let field = answer.header("RateLimit") ?? ""
            left.append(String(field.split(separator: "\"read-address\";r=").last?.prefix { $0 != ";" } ?? ""))
        }
        return left
    }

    @Test("behind a trusted proxy the right-most hop that is not ours counts, and an IPv6 network is one client")
    func proxy() async throws {
        let app = try ToyApp(rateLimiter: RateLimiter(store: MemoryQuotas()), trustedProxies: ["", "10.0.0.2"])
        let counts = try await app.test { toys in
            try await left(
                toys,
                [
                    "203.0.113.1", "203.0.113.2", "1.1.1.1, 203.0.113.1", "203.0.113.2, 203.0.113.1, 10.0.0.2",
                    "2001:db8:0:1::1", "2001:DB8:0:1:ffff::9", "2001:db8:0:2::1",
                ])
        }
        #expect(counts == ["11999", "11999", "11998", "11997", "11999", "11998", "11999"])
    }

    @Test("without one, X-Forwarded-For is ignored")
    func spoofed() async throws {
        let app = try ToyApp(rateLimiter: RateLimiter(store: MemoryQuotas()))
        let counts = try await app.test { toys in
            try await left(toys, ["203.0.113.1", "203.0.113.2", "10.0.0.2, 203.0.113.3"])
        }
        #expect(counts == ["11999", "11998", "11997"])
    }

    @Test("a token that is refused draws on the address all the same")
    func refusedToken() async throws {
        let app = try ToyApp(rateLimiter: RateLimiter(store: MemoryQuotas()))
        let counts = try await app.test { toys in
            try await left(toys, ["", ""], as: "expired") + left(toys, [""], as: "patient")
        }
        #expect(counts == ["11999", "11998", "11997"])
    }
}
