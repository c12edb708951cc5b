import Persistence

/// The first row of an audit chain that is not what the program wrote, and what was done to it.
package struct AuditDefect: Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        case edited
        case missing
        case inserted
        /// The row that belongs here stands at another place of the chain.
        case reordered(at: Int64)
        /// A checkpoint names a row that is gone, or that is another one now.
        case truncated
        case wrongKey
        /// The row is whole, but its patient would not see it.
        case unlisted
    }

    package let shard: Int
    package let sequence: Int64
    package let kind: Kind

    package init(shard: Int, sequence: Int64, _ kind: Kind) {
        self.shard = shard
        self.sequence = sequence
        self.kind = kind
    }

    package var description: String { "shard \(shard), sequence \(sequence): \(words)" }

    private var words: String {
        switch kind {
        case .edited: "edited: the row does not match its code; it was changed, or was added without the key"
        case .missing: "missing: this row, and maybe more behind it, was removed"
        case .inserted: "inserted: the program did not write this row; the one that belongs here comes later"
        case .reordered(let place): "reordered: the row that belongs here stands at sequence \(place)"
        case .truncated: "truncated: a checkpoint names a row that is gone or was replaced, and so may be all behind it"
        case .unlisted: "unlisted: the row was taken out of audit_patients, where its patient's log is looked up"
        case .wrongKey:
            "wrong key: from this row on every code was made with another key than CARESYNC_ROOT_SECRET gives"
        }
    }
}

/// Finds out what was done to a row that does not follow from the one before it, from the rows after it.
struct AuditDiagnosis: Sendable {
    /// So many rows may have been removed, and the rest renumbered, for the loss to be named as one.
    private static let mostRemoved: Int64 = 1000

    let suspect: AuditRecord
    /// The code of the row before.
    let previous: [UInt8]
    let authenticate: @Sendable ([UInt8]) -> [UInt8]

    private var last: AuditRecord
    private var followers = 0
    private var ownPlace: Int64?
    private var belongsElsewhere = false
    private var nextFollows = false
    private var nextFollowsRenumbered = false
    private var othersFollow = false

    init(suspect: AuditRecord, previous: [UInt8], authenticate: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.suspect = suspect
        self.previous = previous
        self.authenticate = authenticate
        last = suspect
    }

    /// Takes the rows behind the suspect in their order.
    mutating func take(_ row: AuditRecord) {
        if ownPlace == nil, fits(row, at: suspect.sequence, after: previous) { ownPlace = row.sequence }
        if !belongsElsewhere {
            // Where it stood before another row was moved in front of it or behind it.
            belongsElsewhere = [suspect.sequence + 1, row.sequence, row.sequence + 1]
                .contains { fits(suspect, at: $0, after: row.mac) }
        }
        if followers == 0 {
            nextFollows = fits(row, at: row.sequence, after: suspect.mac)
            nextFollowsRenumbered =
                !nextFollows && (1...Self.mostRemoved).contains { fits(row, at: row.sequence + $0, after: suspect.mac) }
        } else if !othersFollow {
            othersFollow = fits(row, at: row.sequence, after: last.mac)
        }
        followers += 1
        last = row
    }

    var kind: AuditDefect.Kind {
        if let ownPlace { return belongsElsewhere ? .reordered(at: ownPlace) : .inserted }
        if nextFollowsRenumbered { return .missing }
        return nextFollows || othersFollow || followers == 0 ? .edited : .wrongKey
    }

    private func fits(_ row: AuditRecord, at sequence: Int64, after previous: [UInt8]) -> Bool {
        authenticate(AuditCode.bytes(row.content, shard: row.shard, sequence: sequence, after: previous)) == row.mac
    }
}
