package import CareSyncCore
import Synchronization

/// A store that does nothing unless it carries the mark of one installation (rules/object-storage 8): one that is not
/// mounted, or belongs to another database, is unavailable, and nothing in it is read, added or removed.
///
/// Beside ``StorageError`` it throws what asking the database throws.
package struct OwnedStore: ObjectStore {
    /// What a database knows of its store.
    package struct Ownership: Sendable {
        package let id: String
        let isMarked: Bool
        let known: [ObjectName]

        /// - Parameters:
        ///   - id: of the installation.
        ///   - isMarked: whether a store of this database has been marked before.
        ///   - known: some objects that the store must hold; none when the database has no documents.
        package init(id: String, isMarked: Bool, known: [ObjectName]) {
            self.id = id
            self.isMarked = isMarked
            self.known = known
        }
    }

    private struct Proof {
        let id: String
        let provedAt: Instant
    }

    private final class Memory: Sendable {
        let proof = Mutex<Proof?>(nil)
    }

    private let base: any ObjectStore
    private let time: TimeSource
    private let ownership: @Sendable () async throws -> Ownership
    private let noteMark: @Sendable () async throws -> Void
    private let memory = Memory()

    /// How long reading trusts a mark that was seen. Whatever changes the store looks each time.
    private static let trust = TimeSpan.seconds(30)

    /// - Parameters:
    ///   - ownership: asks the database.
    ///   - noteMark: makes the database remember that its store is marked.
    package init(
        _ base: any ObjectStore, time: TimeSource, ownership: @escaping @Sendable () async throws -> Ownership,
        noteMark: @escaping @Sendable () async throws -> Void
    ) {
        self.base = base
        self.time = time
        self.ownership = ownership
        self.noteMark = noteMark
    }

    // MARK: Whose it is

    /// Throws ``StorageError/unavailable(_:)`` unless the store is this installation's; marks one that is new.
    package func prove() async throws {
        let mark = try await base.mark()
        if let mark, let proof = memory.proof.withLock({ $0 }), proof.id == mark {
            return remember(mark)
        }
        let owner = try await ownership()
        if try await !isMarked(mark, owner) {
            try await base.setMark(owner.id)
            // Another installation may have been marking it as well.
            guard try await base.mark() == owner.id else { throw Self.foreign }
        }
        if !owner.isMarked { try await noteMark() }
        remember(owner.id)
    }

    /// The same look without a change: whether the store is marked, or would be by ``prove()``.
    package func isMarked() async throws -> Bool {
        try await isMarked(try await base.mark(), try await ownership())
    }

    /// `false` when the store may be marked as the owner's. Throws for any other.
    private func isMarked(_ mark: String?, _ owner: Ownership) async throws -> Bool {
        if let mark {
            guard mark == owner.id else { throw Self.foreign }
            return true
        }
        guard !owner.isMarked else {
            throw StorageError.unavailable(
                "The documents' store lacks its mark, '\(StoreMark.name)' with the text \(owner.id): it is another one, "
                    + "empty, or not mounted.")
        }
        if owner.known.isEmpty {
            guard try await base.list(after: nil, limit: 1).isEmpty else {
                throw StorageError.unavailable(
                    "The documents' store holds objects, and this database has no documents: they do not belong together."
                )
            }
        } else if try await !holdsAny(of: owner.known) {
            throw StorageError.unavailable("The documents' store holds none of the newest documents of this database.")
        }
        return false
    }

    private static let foreign = StorageError.unavailable(
        "The documents' store belongs to another installation, as its mark '\(StoreMark.name)' says.")

    private func holdsAny(of names: [ObjectName]) async throws -> Bool {
        for name in names {
            do {
                for try await _ in try await base.get(name, range: 0..<1).bytes {}
                return true
            } catch StorageError.notFound {}
        }
        return false
    }

    private func remember(_ id: String) {
        let proof = Proof(id: id, provedAt: time.now)
        memory.proof.withLock { $0 = proof }
    }

    private func proveForReading() async throws {
        let (now, proof) = (time.now, memory.proof.withLock { $0 })
        if let proof, proof.provedAt <= now, now - proof.provedAt < Self.trust { return }
        try await prove()
    }

    // MARK: Objects

    package func put(_ name: ObjectName, _ content: SpooledFile) async throws {
        try await prove()
        try await base.put(name, content)
    }

    package func get(_ name: ObjectName, range: Range<Int64>?) async throws -> ObjectContent {
        try await proveForReading()
        do {
            return try await base.get(name, range: range)
        } catch StorageError.notFound {
            // It is missing only if this is still the store.
            try await prove()
            throw StorageError.notFound
        }
    }

    package func delete(_ name: ObjectName) async throws {
        try await prove()
        try await base.delete(name)
    }

    package func list(after: ObjectName?, limit: Int) async throws -> [StoredObject] {
        try await prove()
        return try await base.list(after: after, limit: limit)
    }

    package func removeDrafts(before instant: Instant) async throws {
        try await prove()
        try await base.removeDrafts(before: instant)
    }

    package func probe() async throws { try await base.probe() }

    package func mark() async throws -> String? { try await base.mark() }

    package func setMark(_ text: String) async throws { try await base.setMark(text) }
}
