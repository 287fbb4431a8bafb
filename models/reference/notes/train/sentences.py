"""Sentences of the train world with identifiers. Slots: a person's role and form, or a kind of value."""

FACE_SHEET = """
Name: {pt.last_first}
PT NAME: {pt.caps}
Patient Name: {pt.middle}    Date of Birth: {birth}
RE: {pt.full}, DOB {birth}
Re: {pt.last_first_middle}
D.O.B.: {birth}
Birthdate: {birth}
MRN: {mrn}
Medical Record No.: {mrn}
Hosp No {mrn}
NHS {nhs_number}
Home address: {street}, {city}, {state}, {zip_code}
{street}, {city} {postcode}
Phone: {phone}
Cell: {phone}   Work: {phone}
Social Security: {ssn_dashed}
Subscriber ID: {plan}
Insurance ID {plan} (Cigna)
Group no. {plan}
Acct No: {account}
Guarantor account: {account}
Primary physician: Dr. {dr.full}
Consultant: {dr2.plain_title} {dr2.last}
Attending physician: {dr.caps}, M.D.
Ordering provider: {dr.last_first}
Spouse: {rel.full}, tel. {phone}
NOK: {rel.first} {rel.last} {phone}
Employed by {employer}
E-mail address: {email}
Fax #: {fax}
Date of admission: {date}
DATE OF DISCHARGE: {date}
Visit date: {date}
Accession #: {other}
Facility: {hospital}
Ward: {ward}
Author: {nurse.full} RN
Room/bed: {ward}
Contact person: {other.full}
""".strip().split("\n")

NAME = """
This is a 61-year-old {pt.male} named {pt.full} who comes in with back pain.
{pt.title} {pt.last} comes to the office today for a check of blood pressure.
Dear Doctor {dr.last}:
Dear Colleague {dr2.last},
Dear {pt.title} {pt.last},
Kind regards, {dr.full}
With best wishes, {dr.initial}
cc: Dr. {dr2.last}
cc {dr2.full}, {other.full}
Dictated by {dr.middle}, M.D.
Authenticated by: {dr.last_first}
Her {rel.son} {rel.first} is the main carer.
Called {rel.first} {rel.last}, {pt.his} {rel.brother}, with an update.
{rel.title} {rel.last} is worried about the stairs at home.
The patient was seen together with Dr. {dr.last}.
Dr. {dr2.last} assisted and {nurse.first} {nurse.last} was the scrub nurse.
{pt.last} is a poor historian.
{pt.first} denies any pain today.
{pt.first}'s mother, {rel.first}, has asthma.
RN {nurse.first} gave the dose at 21:00.
Evaluated by {dr2.full}, PT.
Dr. {dr.initials_middle} was paged.
As per {dr.initial}, keep the leg raised.
Mr and Mrs {pt.last} attended the clinic together.
I explained the risks to {pt.first} and {pt.his} {rel.husband}.
The {pt.man}, {pt.full}, was found on the floor.
{pt.caps_last_first} ARRIVED BY HELICOPTER.
The referring physician is Dr. {dr2.full}.
Anaesthetist Dr {dr2.double_initial}
{dr.full}, MD, PhD
{other.first}, {pt.his} {other.grandson}, translated for us.
Will contact {pt.his} {rel.brother} {rel.first} tomorrow.
Midwife {nurse.last} checked the cord.
Health visitor: {nurse.full}.
Miss {other.last} from social services called.
Report given to {nurse.first} at shift change.
Married to {rel.first} for thirty years.
Thanks to {dr2.first} for the kind referral.
Employed as a driver with {employer}.
Retired from {employer} last year.
{pt.surname_initial} was tearful in group today.
Patient goes by {pt.first}.
Prescribed by {dr.last}, refilled by {dr2.last}.
Her friend {other.first} found her and called for help.
{rel.first} brought {pt.him} in and stayed for the examination.
{pt.first} woke at 3 am, confused and pulling at the lines.
{pt.last} remains on oxygen and eats little.
{rel.first} does the cooking and {other.first} the laundry.
Telephoned {rel.first}, no reply.
{nurse.first} from the stroke team saw {pt.him} this morning.
{pt.capital_he} shares a flat with {rel.first} and {other.first}.
Written by {nurse.initials}
Checked by {dr.initials} and {nurse.initials} before the transfusion.
Keyed by {nurse.initials_middle}
Baby girl {pt.last} weighed 3.1 kg.
Sister {nurse.first} is in charge tonight.
{pt.last}'s drain was shortened by 2 cm.
Dad ({rel.first}) feeds {pt.him} at night.
The dietitian, {other.full}, left a plan.
{pt.caps_last} was seen on the floor this morning.
Had a long talk with {other.first}, the chaplain.
{pt.first} and {pt.his} {rel.husband} declined the offer.
Phlebotomist {nurse.first} could not find a vein.
A job with {employer} ended in spring.
{pt.capital_he} drives a lorry for {employer}.
Made redundant by {employer} in 2020.
{pt.last_first} was moved to the side room.
Op note by {dr.full}, FRCS
Our patient, {pt.plain_title} {pt.last}, sends {pt.his} regards.
""".strip().split("\n")

GEOGRAPHY = """
Lives in {city} with a cousin.
Originally from {city}.
Drove up from {city}, {state}, last night.
{pt.capital_he} resides at {street}, {city}, {state}.
Brought to {hospital} by ambulance.
{pt.capital_he} was hospitalized at {hospital} in 2019.
Moved to {ward} overnight.
Discharged to {hospital} for rehabilitation.
Returned from a trip to {city} last week.
Grew up in {county} near {city}.
Lives on {road} next to the church.
Please forward to {street}, {city}, {state} {zip_code}.
Postcode {postcode}.
Zip code: {zip_code}
Studies at the university in {city}.
Appointment at the {city} office.
The crash was on {road} in {city}.
Referred by {hospital}.
Reviewed on {ward} round.
Native of {city} who settled in {county}.
{pt.capital_he} was picked up at a petrol station in {city}.
Spent two weeks in {city} before the rash came.
Came back from {city} with diarrhoea.
Walk-in visit at a clinic in {city} last night.
A flight from {city} the day before.
{hospital} sent the scans on a disc.
Rehab at a unit in {city} was arranged.
Was first seen at {hospital}, then at {hospital}.
Has a bed on {ward} at {hospital}.
The post goes to {street}, {city}, {state} {zip_code}.
Visited at home, {street}, {city} {postcode}.
Fell off a ladder on {road} yesterday.
Picks fruit in {county} every summer.
""".strip().split("\n")

DATE = """
Was in hospital from {date} to {date}.
Date of injury: {date}.
Seen in the office {date}.
Operated on {date} without complications.
MRI brain ({date}) was normal.
Echo {date}: EF 55%.
Born {birth}.
DOB: {birth}.
Stitches out on {date}.
Returned to work in {month}.
Flu shot given {month_number}.
Since {month} the pain has been worse.
It was {holiday} when the pain began.
A {age_old} year old widow.
{age_old}-year-old gentleman, very spry.
She is aged {age_old} and lives alone.
Father is alive at {age_old}.
Age: {age_old}
Due {date} at 8 am for bloods.
Signed {date} 16:05
D: {date} T: {date}
Period of rehab ended in {month}, as planned.
Follow-up on {date} with an x-ray.
PSA {date} 3.2, {date} 4.1.
The cough started in {month} and went away in {month}.
No fits since {month}.
Bone scan {month}: no lesions.
Tetanus booster {month_number}.
Cataract surgery {month}, left eye.
Grandfather lived to {age_old}.
An aunt died at the age of {age_old}.
{age_old} yo female from a care home.
Discharged on {date} at 11:45 with a walker.
Slipped on ice on {holiday}.
Clips removed {date}, sutures {date}.
Period: {date}. Due date: {date}.
Between {date} and {date} there were four fits.
""".strip().split("\n")

NUMBERS = {
    "Phone": """
Phone number: {phone}.
Please ring {phone} after 5 pm.
Best number to reach {pt.him} is {phone}.
Beeper {pager}
Cell {phone}, home {phone}.
Telephone: {phone}
{rel.first}'s mobile is {phone}.
If you have questions call {phone}.
On call: page {pager}.
""",
    "Fax": """
Fax the form to {fax}.
Facsimile: {fax}
Sent by fax to {fax} at noon.
Fax no. {fax}
Phone {phone}, fax {fax}
Refill request faxed ({fax}).
""",
    "Email": """
Write to {email} for the results.
Email address {email}
{rel.first} can be emailed at {email}.
Forwarded to {email} on request.
""",
    "SocialSecurity": """
SSN is {ssn_dashed}
Soc. sec. no. {ssn_dashed}
Patient gave SSN {ssn_dashed} at check-in.
Last 4 of SSN: {ssn_four}
Social security no: {ssn_dashed}
""",
    "MedicalRecord": """
MRN is {mrn}.
Medical record #{mrn}
Record number: {mrn}.
Old chart no. {mrn} was archived.
NHS no. {nhs_number}
Hospital no: {mrn}.
Patient number {mrn}
Patient identifier {mrn} was checked on the wristband.
Chart #: {mrn}
""",
    "HealthPlan": """
Member ID: {plan}
Insurance policy {plan} lapsed.
Medicare number {plan}.
Group number {plan} with United Healthcare.
Health plan ID: {plan}
Policy no. {plan}, authorization pending.
Beneficiary number {plan}
Medicaid {plan}
""",
    "Account": """
Account number {account}.
Paid by card {card_number}.
Mastercard {card_number} was declined.
IBAN: {iban_number}
Patient account no. {account}
Bill sent for acct. {account}
Checking account {account}
Statement for account {account} was mailed.
""",
    "Certificate": """
Driver license no. {licence}.
License #: {licence}
NPI number {npi_number}
DEA number: {dea}
Physician licence {licence}
GMC number {gmc}
Death certificate no. {licence}
Certificate number {licence} for work fitness.
Pilot's license {licence} was suspended.
NMC PIN {licence}
""",
    "Vehicle": """
Car with licence plate {plate} struck the patient.
Plate number {plate}.
Plate: {plate}
Registration number {plate}, a red van.
VIN: {vin_number}
Motorcycle, VIN {vin_number}, was totalled.
Knocked down by a taxi, plates {plate}, at noon.
The lorry (plate {plate}) did not stop.
Parking permit for vehicle {plate}.
Rental car with tag {plate}.
Vehicle reg. {plate}
""",
    "Device": """
Serial number: {serial}
Implanted lens, serial no. {serial}.
Device UDI: {udi}
Stent lot {lot}.
Lot number {lot}, ref 77-20.
Glucose sensor S/N {serial} replaced.
Handset IMEI: {imei}.
Home monitor MAC address {mac_address}.
Ventilator, device number {serial}, checked.
Pacemaker model A3DR01, serial {serial}.
Device identifier {serial}
""",
    "Url": """
Website: {url}
Details at {url}.
See the video at {url} before surgery.
{pt.capital_he} posts about the illness on {url}.
""",
    "IpAddress": """
IP address: {ip}
Logged in from {ip}.
Server {ip} holds the images.
Telehealth session, client {ip}.
""",
    "Biometric": """
Fingerprint no. {biometric}.
Voice print ID {biometric} was recorded.
Retina scan ID: {biometric}
Iris scan {biometric}.
Biometric ID {biometric}
Face recognition template {biometric}.
Thumbprint reference {biometric} on file.
""",
    "Photo": """
Photo: {photo}
Photograph {photo} shows the scar.
Attached images {photo}, {photo}.
Photo number {photo_id}.
Image ID {photo_id}
Picture {photo} was sent by the family.
""",
    "Other": """
Study ID {study}.
Participant {study} completed visit 3.
Trial subject no. {study}
Specimen number {other}.
Accession {other}
Passport number {other}.
Staff ID {other}.
Find {pt.him} on Instagram: {handle}.
Tracking number {other}
Requisition {other}
Prisoner number {other}.
Reference number {other}
""",
}

DIALOGUE = """
Doctor: Hello {pt.title} {pt.last}, please sit down.
Doctor: Good to see you, {pt.first}.
Doctor: I'm Dr. {dr.full}, nice to meet you.
Patient: I am {pt.full}.
Patient: It's {pt.first}, {pt.first} {pt.last}.
Doctor: How do you spell your last name? Patient: {pt.spelled}.
Patient: My {rel.brother}'s name is {rel.first}.
Patient: Dr. {dr2.last} gave me these pills.
Patient: I'm from {city} originally.
Patient: It began around {date_spoken}.
Doctor: Your surgery will be on {date_spoken}.
Patient: Sure, it's {phone_spoken}.
Patient: My cell is {phone}.
Patient: My birthday is {date_spoken}.
Patient: I'm {age_old_spoken} years old, would you believe it?
Patient: They took me to {hospital}.
Patient: My email is {email_spoken}.
Guest_family: I'm {pt.his} {rel.son}, {rel.first}.
Doctor: {nurse.first}, would you get a chair?
Doctor: All right, {pt.first}, see you soon.
Patient: I still live at {street}.
Patient: I used to work at {employer}.
Guest_clinician: Doctor {dr.last}, the results for {pt.full} are here.
Patient: I'm {pt.first}, hi.
Doctor: And who is this? Patient: That's {rel.first}.
Guest_family: {rel.first}, yes, I'm the {rel.brother}.
Doctor: Bye, {pt.first}. Get well soon.
Doctor: This is Doctor {dr.last} from {hospital}.
Patient: Over at {hospital}, last week.
Patient: We moved to {city} back in {month}.
Doctor: You're {age_old_spoken} years old? Good for you.
Doctor: {nurse.first}, please draw some blood.
Patient: I was born {date_spoken}.
""".strip().split("\n")

PHONE_NOTE = """
Spoke with {pt.full} by telephone at {phone}.
{rel.full}, {pt.his} {rel.son}, called at 9:15.
Caller name: {rel.full}
Call taken by {nurse.full}
{pt.title} {pt.last} wants a refill.
No answer for {rel.title} {rel.last}, tried {phone} twice.
Message for Dr. {dr.last} {date}.
Send script to the pharmacy on {road} in {city}, {phone}.
{rel.first} {rel.last} rang about {pt.his} {rel.father}.
Left message with {other.first}, number {phone}.
Passed on to Dr {dr.last} {date}.
Answered by {nurse.full}, LPN, at 16:20.
""".strip().split("\n")

DICTATION = """
dictating physician doctor {dr.full} patient name {pt.full} record number {mrn}
this was done on {date_spoken}
{pt.title} {pt.last} is a 70 year old {pt.male} with shortness of breath
missus {rel.last} came along to the visit
doctor {dr2.last} was called to the bedside
copy to doctor {dr2.full} and to {hospital}
talked to the {rel.son} {rel.first} on the phone
lives in {city} by himself
the call back number is {phone}
date of the visit {date}
nurse {nurse.last} drew the blood
thank you doctor {dr2.last} for this referral
the patient is {pt.full} date of birth {birth}
i saw {pt.first} today with {pt.his} {rel.son} {rel.first}
{pt.last} did well overnight
{pt.title} {pt.last} was discussed with doctor {dr2.full} in clinic
please cc doctor {dr2.last} and {hospital}
she comes from {city} and works for {employer}
follow up on {date_spoken} with doctor {dr.last}
end of note for {pt.full}
dictated by {dr.first} {dr.last}
""".strip().split("\n")

OUTLINES = ["discharge", "admission", "letter", "telephone", "dialogue", "dictation", "ward", "registration"]
