//! The kinds of section that a drafted note can have, and their LOINC codes.
//!
//! The twenty headers are those of the MTS-Dialog corpus. A header has a code where one means just that; the
//! others are words alone. Names of LOINC are not repeated: receivers look them up.

use serde::{Deserialize, Serialize};

use super::element::{CodeableConcept, Coding, LOINC};

/// What a section is about.
///
/// # Source
/// A. Ben Abacha et al., "An Empirical Study of Clinical Note Generation from Doctor-Patient Encounters" (2023).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    /// `fam/sochx`: illnesses of the family, and how the patient lives.
    FamilyAndSocialHistory,
    /// `genhx`: how the present illness came about.
    PresentIllness,
    /// `pastmedicalhx`: illnesses of the past.
    PastMedicalHistory,
    /// `cc`: why the patient came.
    ChiefComplaint,
    /// `pastsurgical`: operations of the past.
    PastSurgicalHistory,
    /// `allergy`: allergies.
    Allergies,
    /// `ros`: complaints, asked for organ by organ.
    ReviewOfSystems,
    /// `medications`: what the patient takes.
    Medications,
    /// `assessment`: what the clinician thinks.
    Assessment,
    /// `exam`: what the clinician found on the body.
    Examination,
    /// `diagnosis`: diagnoses.
    Diagnosis,
    /// `disposition`: where the patient goes from here.
    Disposition,
    /// `plan`: what is to be done.
    Plan,
    /// `edcourse`: what happened in the emergency department.
    EmergencyCourse,
    /// `immunizations`: vaccinations.
    Immunisations,
    /// `imaging`: pictures and their readings.
    Imaging,
    /// `gynhx`: gynaecological history.
    GynaecologicalHistory,
    /// `procedures`: procedures.
    Procedures,
    /// `other_history`: any other history.
    OtherHistory,
    /// `labs`: results of the laboratory.
    Laboratory,
}

impl Header {
    /// Every header, in the order of the corpus.
    pub const ALL: [Header; 20] = [
        Header::FamilyAndSocialHistory,
        Header::PresentIllness,
        Header::PastMedicalHistory,
        Header::ChiefComplaint,
        Header::PastSurgicalHistory,
        Header::Allergies,
        Header::ReviewOfSystems,
        Header::Medications,
        Header::Assessment,
        Header::Examination,
        Header::Diagnosis,
        Header::Disposition,
        Header::Plan,
        Header::EmergencyCourse,
        Header::Immunisations,
        Header::Imaging,
        Header::GynaecologicalHistory,
        Header::Procedures,
        Header::OtherHistory,
        Header::Laboratory,
    ];

    /// The header of a label of the corpus, as in `fam/sochx`, in letters of any case; none for other labels.
    pub fn from_label(label: &str) -> Option<Self> {
        let is_it = |header: &Header| header.label().eq_ignore_ascii_case(label);
        Header::ALL.into_iter().find(is_it)
    }

    /// Its label in the corpus.
    pub fn label(self) -> &'static str {
        self.row().0
    }

    /// Its title for people.
    pub fn title(self) -> &'static str {
        self.row().1
    }

    /// Its LOINC code, where one means just that.
    pub fn loinc(self) -> Option<&'static str> {
        self.row().2
    }

    pub(super) fn concept(self) -> CodeableConcept {
        CodeableConcept {
            coding: self
                .loinc()
                .map(|code| Coding::new(LOINC, code))
                .into_iter()
                .collect(),
            text: Some(self.title().to_owned()),
        }
    }

    /// Label, title and code.
    fn row(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            // Two histories in one section: 10157-6 and 29762-2 would each name half of it.
            Header::FamilyAndSocialHistory => ("fam/sochx", "Family and social history", None),
            Header::PresentIllness => ("genhx", "History of present illness", Some("10164-2")),
            Header::PastMedicalHistory => ("pastmedicalhx", "Past medical history", Some("11348-0")),
            Header::ChiefComplaint => ("cc", "Chief complaint", Some("10154-3")),
            // The history of procedures covers operations.
            Header::PastSurgicalHistory => ("pastsurgical", "Past surgical history", Some("47519-4")),
            Header::Allergies => ("allergy", "Allergies", Some("48765-2")),
            Header::ReviewOfSystems => ("ros", "Review of systems", Some("10187-3")),
            Header::Medications => ("medications", "Medications", Some("10160-0")),
            Header::Assessment => ("assessment", "Assessment", Some("51848-0")),
            Header::Examination => ("exam", "Physical examination", Some("29545-1")),
            Header::Diagnosis => ("diagnosis", "Diagnosis", Some("29308-4")),
            Header::Disposition => ("disposition", "Disposition", None),
            Header::Plan => ("plan", "Plan", Some("18776-5")),
            // 8648-8 is the course in a hospital stay.
            Header::EmergencyCourse => ("edcourse", "Emergency department course", None),
            Header::Immunisations => ("immunizations", "Immunisations", Some("11369-6")),
            Header::Imaging => ("imaging", "Imaging", Some("18782-3")),
            // 10162-6 is the history of pregnancies alone.
            Header::GynaecologicalHistory => ("gynhx", "Gynaecological history", None),
            Header::Procedures => ("procedures", "Procedures", Some("47519-4")),
            Header::OtherHistory => ("other_history", "Other history", None),
            Header::Laboratory => ("labs", "Laboratory results", Some("30954-2")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last digit of a LOINC code is a check digit modulo 10 (LOINC Users' Guide, appendix C).
    fn check_digit(digits: &str) -> u32 {
        let doubled = digits.bytes().rev().enumerate().map(|(index, digit)| {
            let digit = u32::from(digit - b'0');
            match index % 2 {
                0 => digit * 2 / 10 + digit * 2 % 10,
                _ => digit,
            }
        });
        (10 - doubled.sum::<u32>() % 10) % 10
    }

    #[test]
    fn every_code_has_its_check_digit() {
        for header in Header::ALL {
            if let Some((digits, check)) = header.loinc().and_then(|code| code.split_once('-')) {
                assert_eq!(check_digit(digits).to_string(), check, "{header:?}");
            }
        }
    }

    /// The value set `doc-section-codes` of FHIR R4, without what no header could be.
    #[test]
    fn codes_of_sections_are_those_of_fhir() {
        let published = [
            "10154-3", "10157-6", "10160-0", "10164-2", "10187-3", "11348-0", "11369-6", "18776-5",
            "29545-1", "29762-2", "30954-2", "47519-4", "48765-2", "51848-0",
        ];
        // In the other lists of LOINC and of C-CDA, not in this example value set.
        let elsewhere = ["29308-4", "18782-3"];
        for code in Header::ALL.into_iter().filter_map(Header::loinc) {
            assert!(published.contains(&code) || elsewhere.contains(&code), "{code}");
        }
    }

    #[test]
    fn labels_are_those_of_the_corpus() {
        let labels: Vec<&str> = Header::ALL.into_iter().map(Header::label).collect();
        let corpus = "fam/sochx genhx pastmedicalhx cc pastsurgical allergy ros medications assessment exam diagnosis \
                      disposition plan edcourse immunizations imaging gynhx procedures other_history labs";
        assert_eq!(labels.join(" "), corpus);
        for header in Header::ALL {
            assert_eq!(Header::from_label(&header.label().to_uppercase()), Some(header));
        }
        assert_eq!(Header::from_label("family"), None);
    }
}
