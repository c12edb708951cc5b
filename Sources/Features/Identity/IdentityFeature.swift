package import CareSyncCore
package import Cryptography
package import FeatureContract
package import Logging
package import Mail
package import Outbox
package import Persistence
package import Settings
package import WebAPI

/// Accounts, sign-in, sessions, and their administration.
package struct IdentityFeature: Feature {
    package static let migrations = IdentitySchema.migrations
    package static let settings: [Setting] = [.emailVerification, .adminSecondFactor, .adminNetworks, .linkLifetime]
    package let endpoints: [Endpoint]
    package let retention = IdentityRetention.all
    package let mails: [MailKind]
    let codes: OneTimeCodes
    let accounts: AccountService
    let sessions: SessionService
    let poller: SessionPoller
    let signInGuard: SignInGuard
    /// Refuses blocked addresses on every request, from memory.
    package let addressGuard: AddressGuard

    /// - Parameters:
    ///   - rootSecret: the same on all nodes; refresh tokens are made with it.
    ///   - profiles: what the directory does for accounts.
    ///   - appointments: what scheduling does when somebody is out.
    package init(
        database: any Database, hasher: PasswordHasher, signer: TokenSigner, rootSecret: RootSecret,
        clinicZone: ClinicZone, settings: IdentitySettings, profiles: AccountProfiles,
        appointments: @escaping AppointmentSettlement, logger: Logger
    ) {
        var limits = CodeLimits()
        limits.linkLifetime = settings.linkLifetime
        limits.exemptsLoopback = settings.exemptsLoopback
        codes = OneTimeCodes(rootSecret: rootSecret, limits: limits)
        mails =
            OneTimeCodeMails.kinds(codes, profiles, settings) + AccountMails.kinds(profiles, zone: clinicZone)
            + EmailChangeMail.kinds(zone: clinicZone)
        let cache = SessionCache()
        let addresses = AddressBlockCache(exemptsLoopback: settings.exemptsLoopback)
        let gate = AddressGate(blocks: addresses, administration: settings.administration)
        addressGuard = AddressGuard(gate.verdict)
        sessions = SessionService(
            database: database, signer: signer, tokens: RefreshTokens(rootSecret: rootSecret), cache: cache,
            settings: settings, gate: gate, profiles: profiles)
        signInGuard = SignInGuard(
            database: database, rootSecret: rootSecret, gate: gate, exemptsLoopback: settings.exemptsLoopback)
        let passwords = PasswordCheck(database: database, hasher: hasher, signInGuard: signInGuard)
        accounts = AccountService(
            database: database, hasher: hasher, passwords: passwords, sessions: sessions, profiles: profiles)
        let blocks = AddressBlockService(
            database: database, cache: addresses, exemptsLoopback: settings.exemptsLoopback)
        poller = SessionPoller(
            database: database, cache: cache, blocks: blocks, signInGuard: signInGuard, logger: logger)
        let administered = SessionAdministration(
            database: database, sessions: sessions, names: OpaqueIDs(rootSecret.derive(.sessionName)))
        let registration = RegistrationService(
            database: database, hasher: hasher, accounts: accounts, sessions: sessions, settings: settings,
            zone: clinicZone)
        let checks = FactorChecks(rootSecret: rootSecret, random: database.services.random, codes: codes)
        let challenges = SignInChallenges(
            database: database, sessions: sessions, checks: checks, signInGuard: signInGuard)
        let signIn = SignInService(
            database: database, hasher: hasher, signInGuard: signInGuard, sessions: sessions, challenges: challenges,
            logger: logger)
        let verification = EmailVerificationService(database: database, codes: codes, settings: settings)
        let resets = PasswordResetService(
            database: database, codes: codes, hasher: hasher, signInGuard: signInGuard, sessions: sessions,
            settings: settings)
        endpoints =
            SignInEndpoints(registration: registration, signIn: signIn, sessions: sessions).all
            + AccountEndpoints(accounts: accounts, zone: clinicZone).all
            + EmailVerificationEndpoints(verification: verification).all
            + PasswordResetEndpoints(resets: resets).all
            + SecondFactorEndpoints(
                factors: SecondFactorService(
                    database: database, sessions: sessions, checks: checks, settings: settings),
                challenges: challenges,
                stepUps: StepUpService(
                    database: database, passwords: passwords, signInGuard: signInGuard, sessions: sessions,
                    checks: checks),
                sessions: sessions
            ).all
            + OwnSessionEndpoints(sessions: administered).all
            + SessionAdministrationEndpoints(sessions: administered).all
            + AccountStatusEndpoints(
                accounts: AccountStatusService(database: database, sessions: sessions, settlement: appointments)
            ).all
            + AddressBlockEndpoints(blocks: blocks).all
    }

    /// Checks the bearer token of every request: signature, expiry, live session, active account.
    package var authenticator: Authenticator {
        Authenticator { [sessions] token in try await sessions.authenticate(token) }
    }

    /// Whether a caller proved who they are in the last five minutes.
    package var stepUpGuard: StepUpGuard {
        StepUpGuard { [sessions] caller, proof, now in try await sessions.isFresh(caller, proof, at: now) }
    }

    /// Keeps the session cache true. While it does not run, every request asks the database.
    package var workers: [Worker] { [Worker("sessions", run: poller.run)] }

    /// Creates an administrator's account. With `nil`, a password of 16 characters is generated, which must be changed.
    package func createAdmin(username: String, email: String, password: String?) async throws -> CreatedAdmin {
        try await accounts.createAdmin(username: username, email: email, password: password)
    }

    /// Creates an account with an existing hash in a running transaction; for demo data and imports. Throws 409
    /// `USERNAME_TAKEN` or `EMAIL_TAKEN`.
    ///
    /// - Parameter form: who the doctor or patient is; `nil` makes the account alone.
    @discardableResult
    package func addAccount(_ account: NewAccount, form: ProfileForm?, db: any Connection) throws -> Account {
        try accounts.add(account, form: form, db: db)
    }

    /// Ends the sessions of an account in a running transaction: this node refuses them from the commit on, other nodes
    /// within a second. To deactivate an account, change its row first, so that no sign-in slips in between.
    package func endSessions(
        of user: UserID, except kept: SessionID? = nil, reason: SessionEnd, db: any Connection
    ) throws {
        try sessions.endAll(of: user, except: kept, reason, db: db)
    }

    package static func account(_ id: UserID, db: any Connection) throws -> Account? {
        try AccountRepository(db: db).find(id)
    }

    /// The account of a user name, in whatever case it is written.
    package static func account(named username: String, db: any Connection) throws -> Account? {
        try AccountRepository(db: db).find(named: username)
    }
}
