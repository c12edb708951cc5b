import CareSyncCore
import CareSyncTesting
import Testing

@Suite("Ids, pages and random values")
struct ValueTests {
    @Test("ids run from 1 to 2^53 - 1", arguments: [1, 2, 9_007_199_254_740_991] as [Int64])
    func idTaken(_ number: Int64) throws {
        #expect(PatientID(checking: number)?.rawValue == number)
        #expect(try Wire.decode([PatientID].self, "[\(number)]") == [PatientID(number)])
        #expect(try Wire.encode([PatientID(number)]) == "[\(number)]")
    }

    @Test("other numbers are no ids", arguments: [0, -1, .min, .max, 9_007_199_254_740_992] as [Int64])
    func idRefused(_ number: Int64) {
        #expect(PatientID(checking: number) == nil)
        #expect(throws: InvalidValue.self) { try Wire.decode([PatientID].self, "[\(number)]") }
    }

    @Test("an unpaged list is cut at the hard limit and says so")
    func wholeList() {
        let request = PageRequest.whole
        #expect((request.isPaged, request.offset, request.limit) == (false, 0, 501))
        let cut = Page(fetched: Array(0..<501), request: request, total: 900)
        #expect((cut.items.count, cut.total, cut.isTruncated) == (500, nil, true))
        let complete = Page(fetched: Array(0..<500), request: request, total: nil)
        #expect((complete.items.count, complete.isTruncated) == (500, false))
    }

    @Test(
        "a list around a point is cut at both ends, and the shorter side leaves its room to the other",
        arguments: [
            (0, 0, 0..<0), (3, 2, -3..<2), (499, 1, -499..<1), (500, 1, -499..<1), (1, 501, -1..<499),
            (0, 501, 0..<500),
            (501, 0, -500..<0), (501, 100, -400..<100), (501, 501, -250..<250), (240, 501, -240..<260),
        ])
    func around(_ before: Int, _ after: Int, _ kept: Range<Int>) {
        let page = Page(
            before: Array((-before..<0).reversed()), after: Array(0..<after), request: PageRequest.whole)
        #expect(page.items == Array(kept))
        #expect(page.isTruncated == (before + after > 500))
        #expect(page.total == nil)
    }

    @Test("either of page and size asks for pages, of 20 rows unless told")
    func pages() {
        let third = PageRequest(page: 2, size: nil)
        #expect((third.isPaged, third.size, third.offset, third.limit) == (true, 20, 40, 20))
        let first = PageRequest(page: nil, size: 7)
        #expect((first.isPaged, first.offset, first.limit) == (true, 0, 7))
        let page = Page(fetched: Array(0..<7), request: first, total: 30).map { "\($0)" }
        #expect((page.items.last, page.total, page.isTruncated) == ("6", 30, false))
    }

    @Test("the farthest page is still a number")
    func farthestPage() {
        let request = PageRequest(page: PageRequest.maximumPage, size: PageRequest.maximumSize)
        #expect(request.offset == 100_000_000)
    }

    @Test("a random UUID has version 4 and its variant, in lower case")
    func uuid() throws {
        let random = SeededRandom(seed: 7).source
        for _ in 0..<200 {
            let uuid = random.uuid()
            #expect(
                try /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/.wholeMatch(in: uuid) != nil)
        }
        #expect(Hex.text([0, 0x0F, 0xA0, 0xFF]) == "000fa0ff")
        #expect(RandomSource.system.bytes(32).count == 32)
    }

    @Test("the system's clock is later than this test was written")
    func systemClock() {
        #expect(TimeSource.system.now > Instant(seconds: 1_772_337_600))
    }
}
