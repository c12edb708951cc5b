import Persistence

/// The value lists every installation starts with, in the order forms show them. The texts are literals, so that the
/// migration's checksum covers them.
enum MasterSeed {
    static let statements: [SQL] = lists.map { list, values in
        let rows = values.enumerated().map { index, value -> SQL in
            "(91, \(list), \(value), lower(\(value)), \(index + 1))"
        }
        return "INSERT INTO master_values (org_id, list, value, value_key, position) VALUES "
            + SQL.joined(rows, separator: ", ")
    }

    private static let lists: [(SQL, [SQL])] = [
        ("'genders'", ["'Male'", "'Female'", "'Other'", "'Prefer not to say'"]),
        (
            "'specializations'",
            [
                "'Cardiology'", "'Dermatology'", "'Endocrinology'", "'Gastroenterology'", "'General Medicine'",
                "'Gynecology'", "'Neurology'", "'Oncology'", "'Ophthalmology'", "'Orthopedics'", "'Pediatrics'",
                "'Psychiatry'", "'Pulmonology'", "'Radiology'", "'Surgery'", "'Urology'",
            ]
        ),
        (
            "'statuses'",
            [
                "'BOOKED'", "'SCHEDULED'", "'CONFIRMED'", "'IN_PROGRESS'", "'COMPLETED'", "'CANCELLED'",
                "'CANCELLED_BY_PATIENT'", "'CANCELLED_BY_DOCTOR'",
            ]
        ),
        ("'bloodGroups'", ["'A+'", "'A-'", "'B+'", "'B-'", "'AB+'", "'AB-'", "'O+'", "'O-'"]),
        (
            "'languages'",
            [
                "'Hindi'", "'English'", "'Punjabi'", "'Marathi'", "'Bengali'", "'Telugu'", "'Tamil'", "'Others'",
            ]
        ),
        (
            "'degrees'",
            [
                "'MBBS'", "'MD'", "'MS'", "'DM'", "'MCh'", "'DNB'", "'BDS'", "'MDS'", "'BAMS'", "'BHMS'", "'BUMS'",
                "'BNYS'", "'BPT'", "'MPT'", "'PG Diploma'", "'PhD (Medical)'", "'MPH'", "'MSc (Nursing)'",
                "'Diploma in Clinical Medicine'",
            ]
        ),
        (
            "'institutions'",
            [
                "'AIIMS New Delhi'", "'PGIMER Chandigarh'", "'CMC Vellore'", "'JIPMER Puducherry'", "'KGMU Lucknow'",
                "'IMS-BHU Varanasi'", "'NIMHANS Bengaluru'", "'AFMC Pune'", "'MAMC New Delhi'",
                "'Grant Medical College Mumbai'", "'SMS Jaipur'", "'Kasturba Medical College Manipal'", "'GMC Chennai'",
                "'GMCH Chandigarh'", "'Seth GS Medical College Mumbai'",
            ]
        ),
        (
            "'hospitals'",
            [
                "'AIIMS New Delhi'", "'PGIMER Chandigarh'", "'CMC Vellore'", "'JIPMER Puducherry'",
                "'NIMHANS Bengaluru'", "'KGMU Lucknow'", "'IMS-BHU Varanasi'", "'AFMC Pune'", "'Apollo Hospitals'",
                "'Fortis Healthcare'", "'Max Healthcare'", "'Manipal Hospitals'", "'Tata Memorial Hospital'",
                "'Sankara Nethralaya'", "'Sir Ganga Ram Hospital'",
            ]
        ),
        (
            "'positions'",
            [
                "'Resident Doctor'", "'Senior Resident'", "'Consultant'", "'Senior Consultant'",
                "'Attending Physician'", "'Registrar'", "'Medical Officer'", "'Surgeon'", "'Professor'",
                "'Assistant Professor'", "'Associate Professor'",
            ]
        ),
    ]
}
