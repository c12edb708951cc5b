package import Persistence

/// The tables of calendars.
package enum SchedulingSchema {
    package static let migrations: [Migration] = [
        WorkingHoursSchema.migration, LeaveSchema.migration, AppointmentSchema.migration, HolidaySchema.migration,
    ]
}
