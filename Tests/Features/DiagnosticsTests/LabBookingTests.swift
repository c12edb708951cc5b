import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Lab bookings")
struct LabBookingTests {
    @Test("a patient books tests at their prices, and finds the booking", arguments: DatabaseKind.available)
    func book(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let booked = try await lab.book(#""notes":" Fasting ","bookingDate":"2026-03-12T09:30:00""#)
            #expect(booked.status == 201, "\(booked.text)")
            #expect(booked["patientId"].int == Int(lab.patient.id))
            #expect(booked["patientName"].string?.isEmpty == false)
            #expect(booked["selectedTests"].list.compactMap { $0["id"].int } == lab.tests)
            #expect(booked["selectedTests[1].price"].double == 250.5)
            #expect(booked["totalPrice"].double == 750.5)
            #expect(booked["prescribedBy"].string == "Self")
            #expect(booked["bookingDate"].string == "2026-03-12T09:30:00")
            #expect(booked["status"].string == "PENDING")
            #expect(booked["notes"].string == "Fasting")
            #expect(booked["createdAt"].string == "2026-03-10T08:00:00")
            for field in ["doctorId", "paymentTransactionId", "paymentStatus", "refundStatus", "labReports"] {
                #expect(booked[field].isNull, "\(field)")
            }
            let id = try #require(booked["id"].int)
            #expect(try await lab.find(id).text == booked.text)
            #expect(try await lab.ids("/my-bookings", as: lab.patient) == [id])
            let count = try await lab.app.get("/api/bookings/user/\(lab.patient.id)/count", as: lab.patient)
            #expect(count["bookingCount"].int == 1)
            #expect(count["userId"].int == Int(lab.patient.id))
            let stored: [[UInt8]] = try await lab.app.database.read { db in
                try db.values("SELECT notes FROM lab_bookings")
            }
            #expect(!stored.contains { String(decoding: $0, as: UTF8.self).contains("Fasting") })
            let lines = try await lab.audited()
            #expect(lines.count { $0 == "CREATE_PHI \(id)" } == 1)
            #expect(lines.count { $0 == "READ_PHI \(id)" } == 1)
        }
    }

    @Test("a doctor prescribes tests to patients they treat, and to nobody else", arguments: DatabaseKind.available)
    func prescribe(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let id = try await lab.prescribed()
            let seen = try await lab.find(id)
            #expect(seen["prescribedBy"].string == "Doctor Meera Iyer")
            #expect(seen["doctorId"].int == Int(lab.doctor.id))
            #expect(seen["bookingDate"].string == "2026-03-10T08:00:00")
            let unverified = try await lab.app.registerDoctor(verified: false)
            for path in ["/api/bookings/doctor", "/api/bookings"] {
                for (user, patient, code) in [
                    (lab.stranger, lab.patient.id, "ACCESS_DENIED"), (lab.doctor, lab.other.id, "ACCESS_DENIED"),
                    (lab.doctor, 9_007_199_254_740_991, "ACCESS_DENIED"),
                    (unverified, lab.patient.id, "DOCTOR_NOT_VERIFIED"),
                ] {
                    let refused = try await lab.app.send(
                        .post, path, as: user, body: lab.body(#""patientId":\#(patient)"#))
                    #expect(refused.status == 403)
                    #expect(refused.problemCode == code)
                }
                let nobody = try await lab.app.send(.post, path, as: lab.doctor, body: lab.body())
                #expect(nobody.fieldErrors == ["patientId"])
            }
            #expect(try await lab.book(#""patientId":\#(lab.other.id)"#).status == 403)
            #expect(try await lab.book(#""patientId":\#(lab.patient.id)"#).status == 201)
        }
    }

    @Test("a prescription that stands makes the doctor a treating one", arguments: DatabaseKind.available)
    func relation(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let id = try await lab.prescribed()
            _ = try await lab.app.delete("/api/appointments/patient/\(lab.visit)", as: lab.patient)
            let allergies = "/api/patients/\(lab.patient.id)/allergies"
            #expect(try await lab.app.get(allergies, as: lab.doctor).status == 200)
            #expect(try await lab.cancel(id).status == 200)
            #expect(try await lab.app.get(allergies, as: lab.doctor).status == 403)
            // What the doctor has prescribed stays visible.
            #expect(try await lab.ids("", as: lab.doctor) == [id])
        }
    }

    @Test("what is wrong with a booking is named", arguments: DatabaseKind.available)
    func badInput(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let retired = lab.tests[1]
            #expect(try await lab.app.delete("/api/lab-tests/\(retired)", as: lab.admin).status == 200)
            let long = String(repeating: "a", count: 501)
            for (body, field, code) in [
                (#"{}"#, "selectedTestIds", "VALIDATION_FAILED"),
                (lab.body(tests: []), "selectedTestIds", "VALIDATION_FAILED"),
                (lab.body(tests: [lab.tests[0], lab.tests[0]]), "selectedTestIds", "VALIDATION_FAILED"),
                (lab.body(tests: Array(1...101)), "selectedTestIds", "VALIDATION_FAILED"),
                (lab.body(tests: [lab.tests[0], 999_999]), "selectedTestIds", "TEST_NOT_FOUND"),
                (lab.body(tests: [-1]), "selectedTestIds", "TEST_NOT_FOUND"),
                (lab.body(tests: [retired]), "selectedTestIds", "TEST_INACTIVE"),
                (lab.body(#""notes":"\#(long)""#, tests: [lab.tests[0]]), "notes", "VALIDATION_FAILED"),
                (
                    lab.body(#""bookingDate":"2026-03-09T23:59:59""#, tests: [lab.tests[0]]), "bookingDate",
                    "PAST_TIME"
                ),
            ] {
                let refused = try await lab.app.send(.post, "/api/bookings", as: lab.patient, body: body)
                #expect(refused.status == 400, "\(body) \(refused.text)")
                #expect(refused.problemCode == code)
                #expect(refused.fieldErrors == [field])
            }
            // Earlier today is today.
            let early = #""bookingDate":"2026-03-10T00:00:00""#
            let today = try await lab.app.send(
                .post, "/api/bookings", as: lab.patient, body: lab.body(early, tests: [lab.tests[0]]))
            #expect(today.status == 201)
            #expect(try await lab.ids("/my-bookings", as: lab.patient).count == 1)
        }
    }

    @Test(
        "a full check-up takes every test that is offered; prices stay as they were", arguments: DatabaseKind.available)
    func checkup(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            _ = try await lab.app.send(
                .post, "/api/lab-tests", as: lab.admin, body: #"{"testName":"Old","price":9,"isActive":false}"#)
            let booked = try await lab.book(#""isFullBodyCheckup":true"#, tests: [lab.tests[0]])
            #expect(booked["totalPrice"].double == 750.5)
            #expect(booked["selectedTests"].list.count == 2)
            _ = try await lab.app.send(
                .put, "/api/lab-tests/\(lab.tests[0])", as: lab.admin, body: #"{"testName":"Iron","price":900}"#)
            let seen = try await lab.find(try #require(booked["id"].int))
            #expect(seen["totalPrice"].double == 750.5)
            #expect(seen["selectedTests"].list.compactMap { $0["price"].double }.sorted() == [250.5, 500])
        }
    }

    @Test("one key books once", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let first = try await lab.book(key: "k")
            #expect(try await lab.book(key: "k").text == first.text)
            #expect(try await lab.book(#""notes":"x""#, key: "k").status == 422)
            #expect(try await lab.ids("/my-bookings", as: lab.patient).count == 1)
        }
    }

    @Test("an erased or closed patient gets no booking", arguments: DatabaseKind.available)
    func inactive(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let closed = try await lab.app.send(
                .put, "/api/admin/users/\(lab.patient.username)/status?active=false", as: lab.admin, body: "{}")
            try #require(closed.status == 200, "\(closed.text)")
            let refused = try await lab.app.send(
                .post, "/api/bookings/doctor", as: lab.doctor, body: lab.body(#""patientId":\#(lab.patient.id)"#))
            #expect(refused.status == 409)
            #expect(refused.problemCode == "PATIENT_INACTIVE")
        }
    }
}
