import CareSyncCore
import CareSyncTesting
import Directory
import HTTPTypes
import Persistence
import Testing

@Suite("Ratings of doctors")
struct RatingTests {
    @Test("mean and distribution follow every review at once", arguments: DatabaseKind.available)
    func follow(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let path = "/api/feedback/doctor/\(desk.doctor.id)"
            func state() async throws -> (mean: Double?, stars: String) {
                let stars = try await desk.app.get("\(path)/rating-distribution", as: desk.doctor)
                #expect(stars.status == 200)
                let counts = stars.json.keys.map { "\($0):\(stars[$0].int ?? -1)" }
                return (try await desk.average(as: desk.doctor), counts.joined(separator: " "))
            }
            #expect(try await state() == (0, ""))
            let first = try await desk.reviewed(5, hoursAgo: 24)
            _ = try await desk.reviewed(4, hoursAgo: 25)
            _ = try await desk.reviewed(4, hoursAgo: 26)
            #expect(try await state() == (13.0 / 3, "4:2 5:1"))
            _ = try await desk.change(first, #"{"rating":1}"#)
            #expect(try await state() == (3, "1:1 4:2"))
            _ = try await desk.app.delete("/api/feedback/\(first)", as: desk.patient)
            #expect(try await state() == (4, "4:2"))
            let unknown = try await desk.app.get("/api/feedback/doctor/987654321/average-rating", as: desk.doctor)
            #expect(unknown.status == 404)
        }
    }

    @Test(
        "lists and searches of doctors show and use the new rating with the commit", arguments: DatabaseKind.available)
    func search(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            func listed(_ query: String) async throws -> TestJSON {
                try await desk.app.get("/api/doctors\(query)", as: desk.patient).json
            }
            #expect(try await listed("")["[0].reviewCount"].int == 0)
            #expect(try await listed("?minRating=4")["[0]"].isNull)
            let id = try await desk.reviewed(5)
            #expect(try await listed("?minRating=4")["[0].averageRating"].double == 5)
            #expect(try await listed("")["[0].reviewCount"].int == 1)
            _ = try await desk.reviewed(4, hoursAgo: 30)
            _ = try await desk.reviewed(4, hoursAgo: 40)
            #expect(try await listed("?sort=-rating")["[0].averageRating"].double == 4.33)
            _ = try await desk.change(id, #"{"rating":1}"#)
            #expect(try await listed("?minRating=4")["[0]"].isNull)
            #expect(try await listed("")["[0].averageRating"].double == 3)
        }
    }

    /// What a count of the reviews gives, and what the roll-up and the doctor's row say.
    private static func sums(_ desk: ReviewDesk) async throws -> (counted: [Int], rolledUp: [Int], shown: [Double]) {
        let doctor = desk.doctor.doctorID
        return try await desk.app.database.read { db in
            var counted = [0, 0, 0, 0, 0]
            try db.query("SELECT rating FROM reviews WHERE doctor_id = \(doctor)") { row in
                counted[try row.value(at: 0) - 1] += 1
            }
            let ratings = try #require(try DoctorRatings.find(doctor, db: db))
            var shown: [Double] = []
            try db.query("SELECT review_count, average_rating FROM doctors WHERE id = \(doctor)") { row in
                shown = [Double(try row.value(at: 0) as Int), try row.value(at: 1)]
            }
            return (counted, DoctorRatings.stars.map { ratings[$0] }, shown)
        }
    }

    private static func expectEqual(_ desk: ReviewDesk) async throws {
        let sums = try await sums(desk)
        #expect(sums.rolledUp == sums.counted)
        let count = sums.counted.reduce(0, +)
        let stars = zip(1..., sums.counted).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(sums.shown[0] == Double(count))
        // Two decimals, halves rounded up.
        let hundredths = count == 0 ? 0 : (200 * stars + count) / (2 * count)
        #expect(sums.shown[1] == Double(hundredths) / 100)
    }

    @Test("after any history the roll-up is what a count of the reviews gives", arguments: DatabaseKind.available)
    func histories(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let random = SeededRandom(seed: 20_260_310)
            var reviews: [Int] = []
            for step in 0..<60 {
                let rating = 1 + random.below(5)
                switch random.below(4) {
                case 0 where !reviews.isEmpty:
                    let id = reviews.remove(at: random.below(reviews.count))
                    #expect(try await desk.app.delete("/api/feedback/\(id)", as: desk.patient).status == 200)
                case 1 where !reviews.isEmpty:
                    let id = reviews[random.below(reviews.count)]
                    #expect(try await desk.change(id, #"{"rating":\#(rating)}"#).status == 200)
                default:
                    reviews.append(try await desk.reviewed(rating, hoursAgo: 24 + step))
                }
                try await Self.expectEqual(desk)
            }
        }
    }

    @Test(
        "writers at the same time lose nothing, and one of two reviews of a visit wins",
        arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let crowd = try await desk.app.crowd(12)
            var visits: [(user: TestUser, visit: Int)] = []
            for (index, user) in crowd.enumerated() {
                visits.append((user, try await desk.visit(hoursAgo: 24 + index, of: user)))
            }
            let outcomes = try await withThrowingTaskGroup(of: [Int].self) { group in
                for (index, (user, visit)) in visits.enumerated() {
                    // Two at once write, and whoever wrote changes; every third removes.
                    for rating in [1 + index % 5, 5 - index % 5] {
                        group.addTask {
                            let written = try await desk.review(visit, rating, as: user)
                            guard let id = written["id"].int else { return [written.status] }
                            let body = #"{"rating":\#(1 + (rating + 2) % 5)}"#
                            let changed = try await desk.change(id, body, as: user)
                            guard index % 3 == 0 else { return [written.status, changed.status] }
                            let removed = try await desk.app.delete("/api/feedback/\(id)", as: user)
                            return [written.status, changed.status, removed.status]
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // Where the review is removed in between, the other one may follow.
            let written = outcomes.count { $0.first == 200 }
            #expect((12...16).contains(written))
            #expect(outcomes.allSatisfy { $0.allSatisfy { $0 == 200 || $0 == 409 } })
            try await Self.expectEqual(desk)
        }
    }
}
