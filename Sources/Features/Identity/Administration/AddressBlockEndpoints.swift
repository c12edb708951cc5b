import CareSyncCore
import WebAPI

struct BlockAddressParameters: Codable, Sendable, Validated {
    var ipAddress: String
    var reason: String?
    /// 24 unless given.
    var hoursToBlock: Int?

    static let rules: [Rule<Self>] = [
        AddressPath.rule { $0.ipAddress },
        AdministrativeReason.rule(\.reason),
        .range("hoursToBlock", \.hoursToBlock, 1...8760),
    ]
}

struct AddressPath: Codable, Sendable, Validated {
    var ipAddress: String

    static let rules: [Rule<Self>] = [rule { $0.ipAddress }]

    static func rule<Root>(_ text: @escaping @Sendable (Root) -> String) -> Rule<Root> {
        Rule("ipAddress", .anyFormat(["ipv4", "ipv6"])) {
            IPAddress(text($0)) == nil ? "must be an IPv4 or IPv6 address" : nil
        }
    }
}

/// `BlockedIPDto` of the published API.
struct AddressBlockResponse: WireResponse {
    let id: Int64
    let ipAddress: String
    let reason: String
    let blockedAt: Instant
    let expiresAt: Instant
    let active: Bool

    init(_ block: AddressBlock) {
        id = block.id
        ipAddress = block.address
        reason = block.reason
        blockedAt = block.blockedAt
        expiresAt = block.expiresAt
        active = true
    }
}

struct AddressBlockEndpoints: Sendable {
    let blocks: AddressBlockService

    var all: [Endpoint] {
        [
            .get(
                "/api/admin/blocked-ips", "Blocked addresses, newest first",
                "Administrators. Those they blocked, and those that failed sign-ins block for a while.",
                access: .role(.admin), use: list),
            .post(
                "/api/admin/block-ip", "Block an address",
                """
                Administrators. From an address that is blocked only administrators are served; blocking it again \
                replaces reason and end.
                """,
                access: .role(.admin), fails: [AddressBlockError.ownAddress, .loopback], use: block),
            .post(
                "/api/admin/unblock-ip/{ipAddress}", "Unblock an address",
                "Administrators. It is served again at once.",
                access: .role(.admin), fails: [AddressBlockError.notBlocked], use: unblock
            ).deprecated(insteadUse: "DELETE /api/admin/blocked-ips/{ipAddress}"),
            .delete(
                "/api/admin/blocked-ips/{ipAddress}", "Unblock an address",
                "Administrators. It is served again at once.", access: .role(.admin),
                fails: [AddressBlockError.notBlocked], use: unblock),
            .post(
                "/api/admin/unblock-all-ips", "Unblock all addresses", "Administrators. The automatic blocks included.",
                access: .role(.admin), use: unblockAll
            ).deprecated(insteadUse: "DELETE /api/admin/blocked-ips"),
            .delete(
                "/api/admin/blocked-ips", "Unblock all addresses", "Administrators. The automatic blocks included.",
                access: .role(.admin), use: unblockAll),
            .post(
                "/api/admin/cleanup-expired", "Remove expired blocks",
                "Administrators. It also happens automatically.", access: .role(.admin), use: retention),
        ]
    }

    func list(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<AddressBlockResponse> {
        PagedResponse(
            try await blocks.list(request.parameters.request, origin: request.origin).map(AddressBlockResponse.init))
    }

    func block(_ request: EndpointRequest<BlockAddressParameters, NoBody>) async throws -> MessageResponse {
        let hours = request.parameters.hoursToBlock ?? 24
        let address = try Self.address(request.parameters.ipAddress)
        let expiry = try await blocks.block(
            address, for: .hours(Int64(hours)),
            reason: TextSort.content(of: request.parameters.reason) ?? AdministrativeReason.standard,
            by: request.principal,
            origin: request.origin)
        return MessageResponse(message: "\(address) is blocked until \(expiry).")
    }

    func unblock(_ request: EndpointRequest<AddressPath, NoBody>) async throws -> MessageResponse {
        let address = try Self.address(request.parameters.ipAddress)
        try await blocks.unblock(address, origin: request.origin)
        return MessageResponse(message: "\(address) is no longer blocked.")
    }

    func unblockAll(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> MessageResponse {
        MessageResponse(message: "Addresses unblocked: \(try await blocks.unblockAll(origin: request.origin)).")
    }

    func retention(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> MessageResponse {
        MessageResponse(message: "Blocks that were over: \(try await blocks.retention(origin: request.origin)).")
    }

    private static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw Problem.notFound }
        return address
    }
}
