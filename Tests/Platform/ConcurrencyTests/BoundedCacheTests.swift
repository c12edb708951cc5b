import Testing

@testable import Concurrency

@Suite("A bounded cache")
struct BoundedCacheTests {
    @Test("it stays within its bound, keeps what is in use and forgets the rest")
    func bound() {
        let cache = BoundedCache<Int, String>(limit: 10)
        cache.insert("kept", for: 0)
        for key in 1..<100 {
            cache.insert("\(key)", for: key)
            #expect(cache[0] == "kept")
            #expect(cache.count <= 10)
        }
        #expect(cache[50] == nil)
        #expect(cache[99] == "99")
    }

    @Test("a new value replaces an old one, in whichever half it is")
    func replacing() {
        let cache = BoundedCache<Int, String>(limit: 4)
        for key in 0..<3 { cache.insert("old", for: key) }
        cache.insert([0: "new", 2: "new"])
        #expect(cache.count == 3)
        #expect(cache[0] == "new")
        #expect(cache[2] == "new")
    }

    @Test("what was removed is gone from both halves")
    func removing() {
        let cache = BoundedCache<Int, Int>(limit: 4)
        for key in 0..<4 { cache.insert(key, for: key) }
        cache.remove(0)
        cache.remove(3)
        #expect(cache[0] == nil && cache[3] == nil && cache[1] == 1)
        cache.removeAll()
        #expect(cache.count == 0)
    }

    @Test("what made room can be taken, once")
    func dropped() {
        var cache = GenerationCache<Int, Int>(limit: 4, keepsDropped: true)
        for key in 0..<5 { cache.insert(key, for: key) }
        #expect(cache.takeDropped().sorted() == [0, 1])
        #expect(cache.takeDropped().isEmpty)
        // Used ones survive the next change of generations.
        #expect(cache.use(2) == 2)
        cache.insert(5, for: 5)
        #expect(cache.takeDropped() == [3])
        #expect(cache.use(2) == 2)
    }
}
