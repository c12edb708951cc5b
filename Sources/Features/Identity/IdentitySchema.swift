package import Persistence

/// The tables of accounts, sessions and their protection.
package enum IdentitySchema {
    package static let migrations: [Migration] = [
        AccountSchema.migration, SessionSchema.migration, AddressBlockSchema.migration,
        SignInProtectionSchema.migration, SecondFactorSchema.migration, OneTimeCodeSchema.migration,
        EmailChangeSchema.migration,
    ]
}
