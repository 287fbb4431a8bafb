"""Sentences of the train world that name nobody, with words and numbers that look as if they did."""

SENTENCES = """
Vital signs: blood pressure 134/78, pulse 88, respirations 18, temperature 37.2, oxygen saturation 95% on 2 L.
Received 10 mg of diazepam and 4 mg of ondansetron.
X-ray of the lumbar spine shows spondylosis at L4-L5 and L5-S1.
Foley removed this morning, voided 300 mL without trouble.
GCS 14 on arrival, Glasgow outcome score was not recorded.
Apgars 7 and 9, birth weight 3.4 kg.
Features of Alzheimer disease with Lewy bodies on the differential.
Lhermitte's sign is positive, Tinel and Phalen tests are negative.
Addison's disease was considered; cortisol 410 at 9 am.
She may shower on the second day after surgery.
Please mark any spreading redness with a pen.
Barrett's oesophagus without dysplasia, Prague C2M4.
Wolff-Parkinson-White pattern on the ECG.
Hodgkin's disease treated with ABVD for six cycles.
Sodium 133, potassium 5.2, chloride 101, bicarbonate 21, urea 9.
Haemoglobin 84 g/L, MCV 72, CRP 46, ESR 58.
Ultrasound Doppler of the leg showed no thrombus.
Amlodipine 10 mg once daily, bisoprolol 2.5 mg, aspirin 81 mg.
No headache, neck stiffness, photophobia or vomiting.
The abdomen was distended and tympanic with a positive Rovsing sign.
CHA2DS2-VASc score 3, apixaban 5 mg twice a day started.
The early morning is worst, with stiffness for about an hour.
Gray matter changes are nonspecific.
Golden crusts around the nose suggest impetigo.
Strong pulses in both feet, no oedema.
Love of swimming keeps the back pain in check.
Bishop score 6, membranes intact.
Pope's blessing is not needed, joked the team before extubation.
A quick strep test was negative.
Wood lamp examination did not fluoresce.
Power of attorney forms were discussed; grip power 5/5.
FEV1 1.8 L, 62% of predicted, ratio 0.58.
Chest CT: 6 mm nodule in the right upper lobe, follow-up by Fleischner criteria.
S1 and S2 heard, grade 2/6 systolic murmur at the apex.
Warfarin 3 mg, INR 2.4, target 2 to 3.
A 72-year-old with a fall from standing height.
Aged 45 with two children, both well.
Allergy: amoxicillin causes hives; intolerance to codeine.
Pain score 3 out of 10 at rest and 6 out of 10 on movement.
Come back to clinic in 10 days for removal of stitches.
Ulcer on the left heel, 2 cm by 3 cm, grade 2.
Kaposi sarcoma, Merkel cell tumour and Bowen disease were excluded.
Sjögren's and Behçet's are unlikely with a negative screen.
Enoxaparin 40 mg subcutaneously once daily.
Rounds at 7:30, family meeting at 16:00.
Lipid panel: total 204, LDL 131, HDL 44.
The Weber test lateralises to the right and the Rinne test is negative there.
Normal saline at 75 cc per hour, then Hartmann's solution.
Nissen fundoplication was uneventful; a Jackson-Pratt drain was left.
Port-A-Cath accessed with a Huber needle.
Creutzfeldt-Jakob was considered but 14-3-3 was not found.
The Allen test was normal before the arterial line.
She slept on three pillows and woke at 3 am with wheeze.
Return for DEXA scan and bone profile.
Appetite good, bowels opened twice, passing urine.
Mood low, PHQ-2 of 4, no thoughts of self-harm.
Salmonella was not grown; C. difficile toxin negative.
Spurling and Thomas tests negative, Lachman grade 1.
Osgood-Schlatter on the left and Sever disease on the right.
Smith fracture of the wrist, cast applied.
Low fat diet, 1500 mL fluid restriction.
Atrial fibrillation at 110 per minute, QRS 92 ms.
TSH 4.8, vitamin D 18, PSA 2.1.
BiPAP 12/5 overnight, FiO2 0.35.
Gave up alcohol in 2015, ex-smoker of 20 pack years.
Tonsils out in 1975, hip replaced in 2016.
Insulin sliding scale, NovoLog 4 units for 200 to 250.
MoCA 22/30 with loss on delayed recall.
Schirmer test 4 mm, Snellen 6/12 and 6/9.
Gallbladder wall 3 mm; portal vein patent; Riedel lobe noted.
Dupuytren's contracture of the ring finger, Heberden nodes.
Dr Pepper and other sodas should be avoided.
Grant of leave under section 17 was agreed.
Iris normal, anterior chamber deep and quiet.
Violet plaques over the knuckles, Gottron papules.
Summer rash, itchy, comes with the pollen.
Crystal arthropathy; aspirate showed negatively birefringent needles.
Lily pads of oedema were not seen on the film.
Patience with exercises was advised.
Chance of recurrence is about 10 percent.
Lance the abscess and pack with ribbon gauze.
Reed-Sternberg cells were seen on histology.
Fields are full to confrontation.
Rod and cone dystrophy runs in the family.
Waters view shows a fluid level in the sinus.
Frost bite of two toes, demarcated.
Earl Grey tea, two cups, is all that she took.
Guy ropes caused the trip, no loss of consciousness.
The Wallace rule of nines gives 12 percent.
Parkland formula: 4 mL per kg per percent.
Repeat potassium at 18:00 and treat if above 6.0.
CT pulmonary angiogram negative for embolism; incidental hiatus hernia.
Two units of platelets given, count up to 41.
Fluoxetine 20 mg was tapered over two weeks.
Laminectomy at T10-T12, cord monitoring stable, closed in layers.
Histology: invasive ductal carcinoma, ER 8/8, HER2 negative, Ki-67 12%.
SNOMED 44054006 is type 2 diabetes; ICD-10 I10.
MRSA screen negative at nose and groin.
Weight 102 kg, down 4 kg since the last visit, BMI 33.1.
Sats 92 on air, 96 with nasal specs.
Babinski downgoing, reflexes 2+ throughout, no clonus.
Bring all tablets to the next visit.
New York Heart Association class II, no orthopnoea.
Duke criteria: one major and two minor.
On Wednesday nights he plays bowls.
Fasting bloods before breakfast, then eat as normal.
In the US this drug is called acetaminophen.
Illinois law allows the form to be witnessed by staff.
""".strip().split("\n")

DIALOGUE = """
Doctor: How can I help you today?
Patient: My stomach has been hurting since the weekend.
Doctor: Is the pain sharp or dull?
Patient: It's more of a burning feeling, right here.
Doctor: Any vomiting or diarrhoea?
Patient: I threw up twice on Monday, but not since.
Doctor: Have you had your gallbladder out?
Patient: Yes, back in two thousand and eight.
Doctor: I'd like to check your temperature and press on your belly.
Patient: Okay, go ahead.
Doctor: Let me know when it hurts.
Patient: Ow, there, under the ribs.
Doctor: Your heart rate is ninety two and your temperature is normal.
Patient: My uncle had Parkinson's and my aunt has lupus.
Doctor: Do you take anything over the counter?
Patient: Some Advil, four hundred milligrams, now and then.
Doctor: How many drinks do you have a week?
Patient: Maybe three or four, mostly on Fridays.
Doctor: I think it may be an ulcer. We should do a test for it.
Patient: Is it going to march around like it did before?
Doctor: Let's start omeprazole twenty milligrams every morning.
Patient: Will I have to come back?
Doctor: Yes, in about six weeks. Call sooner if you see any blood.
Patient: Great. Thanks for everything.
Guest_clinician: The blood work is back and it looks fine.
Doctor: You are fifty six now, so we should talk about a colonoscopy.
Patient: Oh my. I knew that was coming.
Doctor: And how is your mood these days?
Patient: Up and down. I get tired by two in the afternoon.
Doctor: All right, anything else I can do for you?
""".strip().split("\n")

HEADERS = [
    "CHIEF COMPLAINT:",
    "HPI:",
    "PMH:",
    "Current medications:",
    "EXAM:",
    "Assessment:",
    "PLAN:",
    "DISCHARGE INSTRUCTIONS:",
    "Family history:",
    "ALLERGIES:",
    "DIAGNOSTIC STUDIES:",
    "S:",
    "Impression and recommendations",
]
