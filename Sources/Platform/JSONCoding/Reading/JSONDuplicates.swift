/// Finds a key that an object has twice; keys are equal when they are the same bytes after unescaping.
enum JSONDuplicates {
    /// Comparing each pair is the quicker way up to this many keys.
    private static let few = 16

    /// The node of the second of two equal keys.
    static func find(in nodes: [JSONNode], object: Int, bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let count = Int(nodes[object].count)
        guard count > 1 else { return nil }
        return nodes.withUnsafeBufferPointer { nodes in
            count <= few
                ? compareEach(nodes, object, bytes)
                : lookUpEach(nodes, object, count, bytes)
        }
    }

    private static func compareEach(
        _ nodes: UnsafeBufferPointer<JSONNode>, _ object: Int, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        var key = object + 1
        while key < nodes.count {
            var earlier = object + 1
            while earlier < key {
                if areEqual(nodes[earlier], nodes[key], bytes) { return key }
                earlier = Int(nodes[earlier + 1].next)
            }
            key = Int(nodes[key + 1].next)
        }
        return nil
    }

    /// An open hash table of node indexes. The standard hasher is seeded per process, so nobody can aim for collisions.
    private static func lookUpEach(
        _ nodes: UnsafeBufferPointer<JSONNode>, _ object: Int, _ count: Int, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        var size = 64
        while size < count * 2 { size *= 2 }
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: size) { table in
            table.initialize(repeating: 0)
            var key = object + 1
            while key < nodes.count {
                var slot = hash(nodes[key], bytes) & (size - 1)
                while table[slot] != 0 {
                    if areEqual(nodes[Int(table[slot])], nodes[key], bytes) { return key }
                    slot = (slot + 1) & (size - 1)
                }
                table[slot] = UInt32(key)
                key = Int(nodes[key + 1].next)
            }
            return nil
        }
    }

    private static func hash(_ key: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        let source = slice(key, bytes)
        if key.flag {
            JSONText.unescaped(source).withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            hasher.combine(bytes: UnsafeRawBufferPointer(source))
        }
        return hasher.finalize()
    }

    private static func areEqual(_ left: JSONNode, _ right: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if left.flag || right.flag {
            return decoded(left, bytes) == decoded(right, bytes)
        }
        let (left, right) = (slice(left, bytes), slice(right, bytes))
        return left.count == right.count && left.elementsEqual(right)
    }

    private static func decoded(_ key: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let source = slice(key, bytes)
        return key.flag ? JSONText.unescaped(source) : [UInt8](source)
    }

    private static func slice(_ node: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.end)])
    }
}
