import Persistence

enum HolidaySchema {
    static let migration = Migration("scheduling/holidays") { d in
        [
            """
            CREATE TABLE clinic_holidays (
                day \(d.date) PRIMARY KEY,
                name \(d.text) NOT NULL CHECK (length(name) BETWEEN 1 AND 100)
            )\(d.strict)
            """
        ]
    }
}
