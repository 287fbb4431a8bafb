"""Sentences of the valid world with identifiers. Slots: a person's role and form, or a kind of value."""

FACE_SHEET = """
Patient: {pt.last_first}
PATIENT NAME: {pt.caps_last_first}
Name: {pt.middle}
Pt: {pt.full}   DOB: {birth}   MRN: {mrn}
Date of birth: {birth}
MRN {mrn}
Unit no: {mrn}
Hospital number: {mrn}
NHS No: {nhs_number}
Address: {street}, {city}, {state} {zip_code}
Address: {street}, {city}, {postcode}
Home phone: {phone}
Mobile: {phone}
SSN: {ssn_dashed}
Insurance: Blue Shield PPO, member ID {plan}
Policy number: {plan}
Medicare no. {plan}
Account #: {account}
Encounter account {account}
Attending: {dr.full}, MD
PCP: {dr2.initial}
Next of kin: {rel.full} ({rel.son}), {phone}
Emergency contact {rel.last_first} {phone}
Employer: {employer}
Email: {email}
Fax: {fax}
Admitted: {date}   Discharged: {date}
Date of service {date}
Driver's license {licence}
Accession: {other}
DICTATED BY: {dr.caps}
Religion: Catholic. Interpreter: {other.full}
Location: {ward}, {hospital}
""".strip().split("\n")

NAME = """
{pt.title} {pt.last} is a 58-year-old {pt.man} with a history of hypertension and gout.
I had the pleasure of seeing {pt.full} in clinic.
Thank you for referring {pt.plain_title} {pt.last}, a retired teacher, with knee pain.
Dear Dr. {dr.last},
Dear {dr2.first},
Yours sincerely, {dr.full}
Electronically signed by {dr.full}, MD.
Signed: {dr.double_initial}, D.O.
cc: {dr2.full}
CC: Dr {dr2.last}; {other.full}, LCSW
The patient's {rel.son}, {rel.first}, was at the bedside.
Discussed with {pt.his} {rel.husband} {rel.full}, who agrees with the plan.
{rel.first} will drive {pt.him} home.
Case discussed with Dr. {dr.last} and with {nurse.first}, the charge nurse.
{pt.last}'s wound is clean and dry.
{pt.first} slept well and had breakfast.
Nurse {nurse.last} removed the drain without difficulty.
Seen with PA {nurse.full} on rounds.
Dr {dr.last}'s team will follow.
Dr. {dr2.full} of cardiology was consulted and recommends a stress test.
Reviewed by {dr.initials} and {nurse.initials}
Patient {pt.full} was brought in by ambulance.
{pt.caps_last} presented with fever and rigors.
Anesthesia: {dr2.full}, CRNA
Surgeon: {dr.full}. Assistant: {nurse.middle}
Please call {rel.title} {rel.last} with the results.
{pt.title} {pt.last} says that {rel.first} and {other.first} help with the shopping.
Her sister-in-law {other.first} has the same condition.
{pt.capital_he} lives with {pt.his} {rel.son} {rel.first} and two cats.
Consent was obtained from {rel.full}.
Physio ({nurse.first}) walked with the patient to the end of the hall.
Previously under the care of Prof. {dr2.last}.
The social worker, {other.full}, will arrange transport.
{pt.last_first_middle} was transferred to the floor in stable condition.
Spoke to {other.first} at the pharmacy about the refill.
Works as a welder at {employer}.
{pt.capital_he} was let go by {employer} in 2021.
{pt.first} and {rel.first} asked about hospice.
Baby {pt.last} was born by caesarean section.
Verbal order Dr. {dr.last}, read back by {nurse.surname_initial}
Mum ({rel.first}) says that feeding is going well.
Known to us as {pt.first}, {pt.he} prefers first names.
{dr.full} MD
Transcribed by {nurse.initials_middle}
Sr. {nurse.first} on nights reports no events.
""".strip().split("\n")

GEOGRAPHY = """
Resident of {city} for forty years.
{pt.capital_he} lives at {street} in {city}.
{pt.capital_he} moved here from {city}, {state}.
Transferred from {hospital} for further care.
Admitted to {hospital} via the emergency room.
Currently on {ward} awaiting a bed at {hospital}.
Follow-up at {hospital} in four weeks.
Recently travelled to {city} and drank well water.
Works on a farm in {county}.
Born in {city} and raised in {county}.
Mail results to {street}, {city}, {state} {zip_code}.
Home visit to {street}, {city} {postcode}.
ZIP {zip_code}.
The ambulance picked {pt.him} up on {road} near the bridge.
Was seen at an urgent care in {city} yesterday.
Will go to rehab in {city} close to family.
{hospital} records were requested.
Flew in from {city} two days before the onset of fever.
""".strip().split("\n")

DATE = """
Admitted on {date} with pneumonia.
Last seen {date}; no change since.
Surgery is planned for {date}.
Colonoscopy {date}: two polyps removed.
He was discharged home on {date} at 14:20.
LMP {date}. EDD {date}.
Date of birth {birth}.
DOB {birth}
Symptoms began in {month}.
Last mammogram {month_number}, normal.
Vaccinated {date} and again {date}.
The fall happened on {holiday}.
The patient is a {age_old}-year-old female from home.
{age_old}yo male with a hip fracture.
Patient is {age_old} years old and frail.
Grandmother died aged {age_old}.
Next appointment: {date} at 9:45 am.
CT of the chest, {date}: stable nodule 4 mm.
Chemotherapy was started in {month} and stopped in {month}.
Dictated {date}, transcribed {date}.
Seen on {date} and {date} for dressing changes.
Labs from {date} were reviewed: Na 139, K 4.0.
""".strip().split("\n")

NUMBERS = {
    "Phone": """
Call me back at {phone} if the fever returns.
Telephone call to {phone}, no answer, left a message.
{rel.first} can be reached on {phone} in the daytime.
Pager {pager}.
Contact: {phone} (cell) or {phone} (work).
Tel {phone}
Bleep {pager} for the on-call registrar.
Patient's number is {phone}.
""",
    "Fax": """
Records were faxed to {fax}.
Fax number {fax}
Please send the report by fax ({fax}) today.
F: {fax}
Fax: {fax}, attention medical records.
Tel {phone} Fax {fax}
""",
    "Email": """
Results sent to {email}.
E-mail: {email}
{pt.capital_he} prefers e-mail ({email}) to the telephone.
Contact me at {email}, please.
""",
    "SocialSecurity": """
Social security number {ssn_dashed}.
SSN {ssn_dashed}
Social: {ssn_dashed}, verified by registration.
The last four of {pt.his} social are {ssn_four}.
SS# {ssn_dashed}
""",
    "MedicalRecord": """
Medical record number {mrn}.
MR# {mrn}
Chart number {mrn} was merged with {mrn}.
NHS number {nhs_number}.
Please quote hospital number {mrn} in all letters.
Hosp. No. {mrn}
Patient ID: {mrn}
(MRN: {mrn})
Our ref: {mrn}
""",
    "HealthPlan": """
Aetna subscriber number {plan}.
Medicaid ID {plan}, active.
Insurance group {plan}, copay 20 dollars.
Prior authorization under policy {plan} was approved.
Health plan beneficiary no: {plan}
Covered by Humana, ID# {plan}.
Medicare Beneficiary Identifier {plan}
""",
    "Account": """
Billed to account {account}.
Hospital account number: {account}
Copay was charged to card {card_number}.
Visa ending the usual way, {card_number}, exp 09/27.
Refund by transfer to IBAN {iban_number}.
Bank account {account}, sort code 20-45-77.
Invoice {account} remains unpaid.
Acct {account}
""",
    "Certificate": """
State license number {licence}.
DEA {dea}
DEA# {dea}, NPI {npi_number}
NPI: {npi_number}
GMC no. {gmc}
Driver's licence {licence} was checked at the desk.
Birth certificate number {licence} on file.
Nursing license {licence} was verified.
Medical licence no. {licence}
""",
    "Vehicle": """
The other car, license plate {plate}, left the scene.
Driver of a pickup with plates {plate}.
Vehicle registration {plate}.
VIN {vin_number} was given to the police.
Blue badge issued for car reg {plate}.
Hit by a van (tag {plate}) while cycling.
The vehicle identification number is {vin_number}.
""",
    "Device": """
Pacemaker serial number {serial} was interrogated.
Dual chamber ICD, model D284, S/N {serial}.
UDI {udi}
Implant lot {lot}, serial {serial}.
Insulin pump SN: {serial}
Hip stem, ref 6250, lot no. {lot}.
Phone app paired, IMEI {imei}.
CPAP device ID {serial}, MAC {mac_address}.
The infusion pump (asset tag {serial}) alarmed twice.
""",
    "Url": """
See {url} for the exercises.
{pt.capital_he} keeps a blog at {url}.
Portal: {url}
Family posts updates on {url}.
Instructions can be found under {url}, page 2.
""",
    "IpAddress": """
Video visit from IP {ip}.
Portal login from {ip} at 22:10.
Monitor at address {ip} is offline.
Consent was signed online (IP address {ip}).
""",
    "Biometric": """
Fingerprint ID {biometric} enrolled.
Voiceprint {biometric} matches the caller.
Retinal scan template {biometric} stored.
Iris code {biometric}
Palm vein enrolment number {biometric}.
Finger print record {biometric} used for the drug cabinet.
""",
    "Photo": """
Facial photograph saved as {photo}.
Wound picture {photo} was uploaded to the chart.
See image {photo} and {photo}.
Clinical photo ID {photo_id}.
Photograph no. {photo_id} taken with consent.
Passport-style picture ({photo}) is on the ID band.
""",
    "Other": """
Study subject {study} in the KESTREL trial.
Subject ID {study} was randomised.
Specimen {other} sent to pathology.
Accession number {other}.
Passport no. {other}
Order number {other}
Employee ID {other}
{pt.capital_he} can be messaged on Twitter as {handle}.
Tattoo of inmate number {other} on the left forearm.
Barcode {other} on the wristband.
Case no. {other}
""",
}

DIALOGUE = """
Doctor: Good morning, {pt.title} {pt.last}, how are you?
Doctor: Hi {pt.first}, come on in.
Doctor: Hello, I'm Doctor {dr.last}.
Patient: Hi, I'm {pt.first}.
Patient: My name is {pt.full}.
Doctor: Can you spell that for me? Patient: {pt.spelled}.
Patient: My {rel.son} {rel.first} made me come.
Patient: Doctor {dr2.last} sent me over.
Patient: I live in {city} now, we moved in {month}.
Patient: It started on {date_spoken}.
Doctor: Let's see you again on {date_spoken}.
Patient: My number is {phone_spoken}.
Patient: You can call me on {phone}.
Patient: I was born on {date_spoken}.
Doctor: So you are {age_old_spoken} years old? That's wonderful.
Patient: Yes, at {hospital}.
Patient: It's {email_spoken}.
Doctor: And this is your {rel.husband}? Guest_family: Yes, I'm {rel.first}.
Doctor: {nurse.first}, could you get the EKG?
Doctor: Thanks, {pt.first}. Take care.
Doctor: Is the address still {street}?
Patient: I work for {employer}.
Doctor: This is Dr. {dr.last} calling for {pt.full}.
""".strip().split("\n")

PHONE_NOTE = """
Call from {pt.full}, callback number {phone}.
This is {rel.first} {rel.last} calling about my {rel.father}.
Caller: {rel.full} ({pt.son} of patient)
Message taken by {nurse.first} {nurse.last}, RN at 10:35.
{pt.title} {pt.last} called to say that the rash is back.
Left voicemail for {rel.title} {rel.last} at {phone}.
Forwarded to Dr. {dr.last} on {date}.
Pharmacy: Walgreens on {road}, {city}, {phone}.
""".strip().split("\n")

DICTATION = """
this is doctor {dr.last} dictating on patient {pt.full} medical record number {mrn}
date of admission {date_spoken}
patient is a 64 year old {pt.man} who presents with chest pain
mister {pt.last} was seen by doctor {dr2.last} in consultation
{pt.last} tolerated the procedure well
please send a copy to doctor {dr2.full} at {hospital}
i spoke with {pt.his} {rel.husband} {rel.first} over the phone
{pt.he} lives in {city} with {pt.his} family
she can be reached at {phone}
date of surgery {date}
nurse {nurse.first} {nurse.last} was present
thank you for allowing me to participate in the care of {pt.title} {pt.last}
end of dictation on {pt.first} {pt.last}
""".strip().split("\n")

# What a note is made of, by kind: lines of a face sheet, then sentences.
OUTLINES = ["discharge", "admission", "letter", "telephone", "dialogue", "dictation", "ward", "registration"]
