import CareSyncCore
import CareSyncTesting
import Testing

@testable import Records

@Suite("Trends of vitals")
struct VitalsTrendTests {
    private static func direction(_ field: VitalField, _ values: [Double]) -> TrendDirection? {
        let vitals = values.enumerated().map { index, value in
            var measurements = Measurements()
            measurements[field] = value
            return Vitals(
                id: VitalsID(Int64(index + 1)), patientID: PatientID(1), recordedAt: Instant(seconds: Int64(index)),
                measurements: measurements)
        }
        return VitalsTrend.all(of: vitals)[field]?.direction
    }

    @Test(
        "the later half is compared with the earlier one, beyond what is usual from day to day",
        arguments: [
            (VitalField.systolicBP, [120.0], TrendDirection.steady), (.systolicBP, [120, 125], .steady),
            (.systolicBP, [120, 126], .up), (.systolicBP, [126, 120], .down),
            (.systolicBP, [120, 300, 121], .steady), (.weight, [70, 71.5], .up), (.weight, [70, 71], .steady),
            (.temperature, [98.6, 99, 101, 102], .up), (.sugarLevel, [200, 180, 150, 140], .down),
            (.respiratoryRate, [16, 18], .steady), (.respiratoryRate, [16, 19], .up),
        ])
    func directions(_ field: VitalField, _ values: [Double], _ expected: TrendDirection) {
        #expect(Self.direction(field, values) == expected)
    }

    @Test(
        "trends tell count, bounds, mean and latest of what was measured in a range", arguments: DatabaseKind.available)
    func trends(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            for (day, systolic, weight) in [(1, 120, "70"), (2, 131, "null"), (3, 145, "71"), (4, 300, "90")] {
                let recorded = try await practice.record(
                    """
                    {"systolicBP":\(systolic),"diastolicBP":80,"weight":\(weight),"recordedAt":"2026-03-0\(day)T09:00:00"}
                    """)
                #expect(recorded.status == 200, "\(recorded.text)")
            }
            for user in [practice.patient, practice.doctor] {
                let trends = try await practice.vitals("/trends?from=2026-03-01&to=2026-03-03", as: user)
                #expect(trends.status == 200, "\(trends.text)")
                #expect(trends["systolicBP.count"].int == 3)
                #expect(trends["systolicBP.min"].double == 120)
                #expect(trends["systolicBP.max"].double == 145)
                #expect(trends["systolicBP.mean"].double == 132)
                #expect(trends["systolicBP.latest"].double == 145)
                #expect(trends["systolicBP.direction"].string == "UP")
                #expect(trends["diastolicBP.direction"].string == "STEADY")
                #expect(trends["weight.count"].int == 2)
                #expect(trends["weight.mean"].double == 70.5)
                #expect(trends["sugarLevel"].isNull)
            }
            #expect(try await practice.vitals("/trends")["systolicBP.count"].int == 4)
            #expect(try await practice.vitals("/trends?from=2026-03-09")["weight"].isNull)
            for path in ["/trends", ""] {
                let backwards = try await practice.vitals("\(path)?from=2026-03-03&to=2026-03-02")
                #expect(backwards.status == 400)
                #expect(backwards["fieldErrors[0].field"].string == "to")
                #expect(try await practice.vitals("\(path)?from=2026-03-03&to=2026-03-03").status == 200)
            }
        }
    }
}
