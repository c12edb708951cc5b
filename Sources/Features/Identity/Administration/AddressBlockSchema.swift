import Persistence

enum AddressBlockSchema {
    static let migration = Migration("identity/address-blocks") { d in
        [
            """
            CREATE TABLE address_blocks (
                id \(d.identity),
                address \(d.text) NOT NULL,
                reason \(d.text) NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
                blocked_at \(d.instant) NOT NULL,
                expires_at \(d.instant) NOT NULL,
                blocked_by \(d.integer) NOT NULL REFERENCES users,
                CONSTRAINT address_blocks_once UNIQUE (address),
                CONSTRAINT address_blocks_span CHECK (blocked_at < expires_at)
            )\(d.strict)
            """,
            "CREATE INDEX address_blocks_expiry ON address_blocks (expires_at)",
            "CREATE INDEX address_blocks_order ON address_blocks (blocked_at, id)",
        ]
    }
}
