import Testing
import WebAPI

@Suite("Whose quota a request draws on")
struct RateLimitAddressTests {
    /// What is left to the address of a GET, by its `RateLimit` header.
    private func left(_ toys: ToyClient, _ forwardedFor: String, as token: String? = nil) async throws -> String? {
        let answer = try await toys.get("/api/names/x", as: token, headers: ["X-Forwarded-For": forwardedFor])
        #expect(answer.header("RateLimit-Policy")?.hasSuffix(#""read-address";q=12000;w=60"#) == true)
        return answer.header("RateLimit")?.split(separator: "\"read-address\";r=").last
            .map { String($0.prefix { $0 != ";" }) }
    }

    @Test("behind a trusted proxy the right-most hop that is not ours counts, and an IPv6 network is one client")
    func proxy() async throws {
        let app = try ToyApp(rateLimiter: RateLimiter(store: MemoryQuotas()), trustedProxies: ["", "10.0.0.2"])
        try await app.test { toys in
            #expect(try await left(toys, "203.0.113.1") == "11999")
            #expect(try await left(toys, "203.0.113.2") == "11999")
            #expect(try await left(toys, "1.1.1.1, 203.0.113.1") == "11998")
            #expect(try await left(toys, "203.0.113.2, 203.0.113.1, 10.0.0.2") == "11997")
            #expect(try await left(toys, "2001:db8:0:1::1") == "11999")
            #expect(try await left(toys, "2001:DB8:0:1:ffff::9") == "11998")
            #expect(try await left(toys, "2001:db8:0:2::1") == "11999")
        }
    }

    @Test("without one, X-Forwarded-For is nobody's business")
    func spoofed() async throws {
        try await ToyApp(rateLimiter: RateLimiter(store: MemoryQuotas())).test { toys in
            for number in 1...5 {
                #expect(try await left(toys, "203.0.113.\(number)") == String(12_000 - number))
            }
        }
    }

    @Test("a token that is refused draws on the address all the same")
    func refusedToken() async throws {
        try await ToyApp(rateLimiter: RateLimiter(store: MemoryQuotas())).test { toys in
            for number in 1...3 {
                #expect(try await left(toys, "", as: "expired") == String(12_000 - number))
            }
            #expect(try await left(toys, "", as: "patient") == "11996")
        }
    }
}
