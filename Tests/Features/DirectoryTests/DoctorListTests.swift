import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Directory

@Suite("Doctor lists")
struct DoctorListTests {
    @Test("every combination of filters finds what a plain search finds", arguments: DatabaseKind.available)
    func agreesWithModel(_ kind: DatabaseKind) async throws {
        let random = SeededRandom(seed: 20_260_310)
        let model = DoctorModel.random(random, count: 60)
        try await withDirectory(kind) { app in
            try await app.seed(model.doctors, inactive: model.inactive)
            for round in 0..<150 {
                let filters = DoctorModel.filters(random)
                let isPatient = random.below(2) == 0
                let caller: DirectoryApp.Caller = isPatient ? .patient : .admin
                let expected = model.ids(filters, bookableOnly: isPatient)
                let whole = try await app.get("/api/doctors?" + filters.query, as: caller)
                let found = try whole.decode([DoctorResponse].self).map(\.id)
                #expect(found == expected, "round \(round): \(filters.query)")
                let (page, size) = (random.below(4), 1 + random.below(10))
                let paged = try await app.get("/api/doctors?page=\(page)&size=\(size)&" + filters.query, as: caller)
                let part = try paged.decode([DoctorResponse].self).map(\.id)
                #expect(part == Array(expected.dropFirst(page * size).prefix(size)), "round \(round)")
                #expect(paged.header("X-Total-Count") == String(expected.count), "round \(round)")
            }
        }
    }

    @Test(
        "a page of doctors costs one round trip once their texts are known, however they were found",
        arguments: DatabaseKind.available)
    func roundTrips(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed(
                (100..<140).map { number in
                    var doctor = doctor(Int64(number))
                    doctor.specialization = "Cardiology"
                    doctor.rating = NewRating(reviewCount: 1, sum: 5)
                    return doctor
                })
            let uri = "/api/doctors?specialization=Cardiology&minRating=4&page=0&size=20"
            let cold = try await app.get(uri, as: .patient)
            app.count.reset()
            let page = try await app.get(uri, as: .patient)
            #expect(page.body == cold.body)
            #expect(try page.decode([DoctorResponse].self).count == 20)
            #expect(page.header("X-Total-Count") == "40")
            #expect(app.count.statements == 1)
            #expect(app.count.roundTrips == 1)

            var learned = doctor(90)
            learned.specialization = "Cardiology"
            learned.rating = NewRating(reviewCount: 1, sum: 5)
            learned.educations = [NewEducation(degree: "MD", institution: "I", yearOfCompletion: 2001)]
            learned.experiences = [NewExperience(hospitalName: "H", position: "P", yearsOfService: 4)]
            try await app.seed([learned])
            let first = try await app.get(uri, as: .patient).decode([DoctorResponse].self).first
            #expect(first?.educations.first?.degree == "MD")
            #expect(first?.experiences.first?.yearsOfService == 4)
            app.count.reset()
            _ = try await app.get(uri + "&sort=-rating", as: .admin)
            #expect(app.count.roundTrips == 1)
        }
    }

    @Test(
        "an average rating has two decimals, and is found and sorted by what is shown",
        arguments: DatabaseKind.available)
    func averageRating(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            var doctors = [doctor(10), doctor(11), doctor(12)]
            for (index, (count, sum)) in [(3, 13), (3, 14), (7, 30)].enumerated() {
                doctors[index].rating = NewRating(reviewCount: count, sum: sum)
            }
            try await app.seed(doctors)
            let listed = try await app.get("/api/doctors?sort=-rating", as: .patient)
            #expect(try listed.decode([DoctorResponse].self).map(\.averageRating) == [4.67, 4.33, 4.29])
            #expect(listed.text.contains(#""averageRating":4.67,"#))
            let best = try await app.get("/api/doctors?minRating=4.67", as: .patient).decode([DoctorResponse].self)
            #expect(best.map(\.id.rawValue) == [11])
        }
    }

    @Test("an unpaged list is cut at 500 and says so", arguments: DatabaseKind.available)
    func truncation(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed((1000..<1500).map { doctor(Int64($0)) })
            let whole = try await app.get("/api/doctors", as: .patient)
            #expect(try whole.decode([DoctorResponse].self).count == 500)
            #expect(whole.header("X-Truncated") == nil)
            #expect(whole.header("X-Total-Count") == nil)
            try await app.seed([doctor(2000)])
            let cut = try await app.get("/api/doctors", as: .patient)
            #expect(try cut.decode([DoctorResponse].self).count == 500)
            #expect(cut.header("X-Truncated") == "true")
            #expect(try await app.get("/api/doctors?page=5", as: .patient).header("X-Total-Count") == "501")
        }
    }

    @Test("patients see active and verified doctors only", arguments: DatabaseKind.available)
    func visibility(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let unverified = doctor(11, verified: false)
            try await app.seed([doctor(10), unverified, doctor(12)], inactive: [DoctorID(12)])
            func ids(_ path: String, _ caller: DirectoryApp.Caller) async throws -> [Int64] {
                try await app.get(path, as: caller).decode([DoctorResponse].self).map(\.id.rawValue)
            }
            #expect(try await ids("/api/doctors", .patient) == [10])
            #expect(try await ids("/api/doctors", .doctor(10)) == [10, 11, 12])
            #expect(try await ids("/api/doctors", .admin) == [10, 11, 12])
            #expect(try await ids("/api/doctors/for-patients", .patient) == [10])
            #expect(try await ids("/api/doctors/for-patients", .admin) == [10])
            #expect(try await app.get("/api/doctors/for-patients", as: .doctor(10)).status == 403)
            #expect(try await app.get("/api/doctors").status == 401)
        }
    }

    @Test("the specialization route matches the whole value in any case", arguments: DatabaseKind.available)
    func specialization(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            var general = doctor(10)
            general.specialization = "General Medicine"
            var shorter = doctor(11)
            shorter.specialization = "General"
            try await app.seed([general, shorter])
            let path = "/api/doctors/specialization/gENERAL%20medicine"
            #expect(try await app.get(path, as: .patient).decode([DoctorResponse].self).map(\.id.rawValue) == [10])
            #expect(try await app.get("/api/doctors/specialization/none", as: .patient).body == Data("[]".utf8))
        }
    }

    @Test(
        "a bad filter is refused and named",
        arguments: [
            ("page=-1", "page"), ("page=1000001", "page"), ("page=x", "page"), ("size=0", "size"),
            ("size=101", "size"), ("minRating=abc", "minRating"), ("minRating=9", "minRating"),
            ("minRating=-0.1", "minRating"), ("minRating=nan", "minRating"), ("minRating=1e999", "minRating"),
            ("maxFee=-1", "maxFee"), ("maxFee=1e300", "maxFee"), ("availableOn=soon", "availableOn"),
            ("availableOn=2026-02-30", "availableOn"), ("availableOn=9999-12-31", "availableOn"),
            ("availableOn=2026-03-09", "availableOn"), ("availableOn=0000-01-01", "availableOn"),
            ("sort=height", "sort"), ("name=a%00b", "name"), ("name=%FF", "name"), ("language=a,b", "language"),
            ("gender=\(String(repeating: "m", count: 21))", "gender"),
            ("name=\(String(repeating: "%CC%81", count: 2000))", "name"), ("page=1&page=2", "page"),
        ])
    func badFilters(_ query: String, _ field: String) async throws {
        try await withDirectory(.sqlite) { app in
            let reply = try await app.get("/api/doctors?\(query)", as: .patient)
            #expect(reply.status == 400)
            #expect(reply.field == field)
        }
    }
}
