"""Sentences of the valid world that name nobody, with words and numbers that look as if they did."""

SENTENCES = """
BP 120/80, HR 72, RR 16, T 98.6, SpO2 97% on room air.
Given 5 mg of morphine IV with good effect.
MRI shows disc herniation at T12-L1 with mild canal stenosis.
A 14 Fr Foley catheter was placed and drained 450 mL of clear urine.
Glasgow coma scale 15, pupils equal and reactive.
Apgar scores were 8 and 9 at one and five minutes.
Known Parkinson's disease, on levodopa 100/25 three times daily.
Positive Babinski on the left, Romberg negative, Hoffmann sign absent.
Down syndrome was diagnosed antenatally.
Patient may need a repeat CT in six weeks.
We will mark the site before the procedure.
March fracture of the second metatarsal is suspected.
Bell's palsy improved with prednisolone 60 mg for 5 days.
Graves' disease, TSH 0.02, free T4 31.
Hodgkin lymphoma stage IIB in remission since 2019.
Creatinine 1.4, BUN 22, K 4.1, Na 138, glucose 112.
Hgb 9.8 from 11.2, platelets 210, WBC 12.4.
Troponin 0.04 then 0.03, no dynamic ECG changes.
Lisinopril 20 mg daily, metformin 1000 mg twice daily, atorvastatin 40 mg at night.
Denies chest pain, shortness of breath, palpitations or syncope.
Abdomen is soft, non-tender, with no rebound; Murphy's sign negative, McBurney's point non-tender.
Wells score 1.5, D-dimer 240, low probability of PE.
Long QT was ruled out; QTc 431.
White count is down and she is afebrile.
Green sputum for three days, black stools once.
Frank blood per rectum was not seen.
The dawn phenomenon explains the fasting sugars.
He has no hope of weaning off the ventilator this week, according to the team.
There was a grace period before the drain was clamped.
Chest x-ray: no focal consolidation, heart size within normal limits.
C5-C6 radiculopathy with weakness of wrist extension, power 4/5.
Ejection fraction 35-40%, moderate mitral regurgitation.
Take one tablet by mouth every 6 hours as needed for pain, dispense 30, refills 2.
Lasix 40 mg IV given, net negative 1.2 L over 24 hours.
She is a 67-year-old with a 40 pack-year smoking history.
He is 89 years old and lives independently.
Allergies: penicillin (rash), sulfa (hives), latex.
Pain is 7/10, worse on movement, relieved by rest.
Follow up in two weeks or sooner if symptoms get worse.
The wound measures 3.2 x 1.5 cm with healthy granulation.
Swan-Ganz numbers: CI 2.1, wedge 18, SVR 1100.
Crohn's disease treated with infliximab 5 mg/kg.
Start heparin 5000 units SC q8h for prophylaxis.
Seen at 08:15 and again at 14:30.
HbA1c 7.8%, LDL 96, HDL 41, triglycerides 180.
Kernig and Brudzinski signs were negative.
Ringer's lactate 1 L bolus, then 125 mL/h.
Whipple procedure was discussed with surgery.
A Hickman line is in place and was flushed.
Cushing syndrome was excluded by the dexamethasone suppression test.
Patient was turned every two hours and the skin over the heels is intact.
She will have a stress test and an echocardiogram as an outpatient.
His appetite is poor and he has lost about 10 pounds.
Bowel sounds present in all four quadrants.
Mini-Mental State Examination 24/30, clock drawing abnormal.
Gram stain showed gram-positive cocci in clusters.
The Trendelenburg test was positive on the right.
Baker's cyst behind the left knee, 2 cm.
Colles fracture reduced under a Bier block.
Discharge diet: low sodium, 1800 calories.
Sinus rhythm at 64 beats per minute, PR 180 ms, no ST changes.
Vitamin B12 210, folate normal, ferritin 14.
Home oxygen at 2 L by nasal cannula.
Stopped smoking in 2011, drinks two units a week.
Surgical history: appendectomy in 1998, cholecystectomy in 2007.
Type 2 diabetes since 2004, on insulin glargine 24 units at bedtime.
PHQ-9 score 14, GAD-7 score 11.
Visual acuity 20/40 right, 20/25 left.
Ultrasound: gallstones up to 8 mm, common duct 4 mm, Rokitansky-Aschoff sinuses not seen.
Raynaud phenomenon of both hands in cold weather.
Ms Contin was stopped and oxycodone 5 mg used instead.
The nurse reports that he slept through the night.
Will call with the results and bill the visit as level 4.
Ray amputation of the third toe healed well.
Chase the urine culture and stop ceftriaxone if negative.
Rich vascular supply was noted at the margin.
Drew bloods for CBC, CMP and lipase.
Rose bengal staining was negative.
Ivy rash on both forearms, treated with hydrocortisone 1%.
Hand strength is symmetrical; the foot is warm with brisk capillary refill.
Stone in the distal ureter, 5 mm, likely to pass.
Short stature was noted by the school nurse.
Small bowel loops are not dilated.
Sharp chest pain on deep inspiration, no pleural rub.
Wells' criteria were not met and no scan was ordered.
Rice, toast and bananas are tolerated; small meals only.
The family history is negative for Huntington disease and Wilson disease.
Epley manoeuvre done, Dix-Hallpike positive to the right.
CT head without contrast showed no acute bleed; Circle of Willis patent.
We gave 2 units of packed cells, cross-matched.
Sertraline 50 mg was increased to 100 mg because mood is low.
Total knee replacement, tourniquet time 62 minutes, blood loss 150 mL.
Biopsy showed adenocarcinoma, Gleason 3+4=7, with Paneth cells at the edge.
ICD code E11.9, procedure code 99214.
Lumbar puncture at L3-L4, opening pressure 18 cm, 4 tubes.
Weight 81.6 kg, height 172 cm, BMI 27.6.
O2 sats dropped to 88 and came up with 4 litres.
Cranial nerves II to XII are intact.
Advance diet as tolerated and ambulate with physical therapy.
The state of Ohio requires the form to be signed by the attending.
Sunday is usually the worst day for the headaches.
Repeat labs in the morning, keep NPO after midnight.
""".strip().split("\n")

# Said in a conversation.
DIALOGUE = """
Doctor: What brings you in today?
Patient: I've had this cough for about three weeks and it's not going away.
Doctor: Any fever, chills or night sweats?
Patient: No, nothing like that.
Doctor: Are you taking any medicine for it?
Patient: Just some Tylenol, two tablets every six hours.
Doctor: Okay. On a scale of one to ten, how bad is the pain?
Patient: I'd say a six, maybe a seven at night.
Doctor: I'm going to listen to your lungs. Take a deep breath.
Patient: My mother had Alzheimer's and my dad had a stroke at sixty two.
Doctor: Do you smoke or drink?
Patient: I quit smoking five years ago. I have a beer on Sundays.
Doctor: We may need an x-ray, and I'll mark where it hurts.
Patient: Will that hurt?
Doctor: No. Your blood pressure is one thirty over eighty five, which is a bit high.
Patient: I was told I have Graves disease, or was it Hashimoto's?
Doctor: Let's stop the Lasix and start you on lisinopril ten milligrams once a day.
Patient: Sure, that sounds good.
Doctor: Your sugar was one forty two this morning.
Patient: I hope it's nothing serious.
Guest_family: He just doesn't sleep at all.
Doctor: Any numbness or tingling in your hands or feet?
Patient: Sometimes, in the right hand, the two small fingers.
Doctor: We'll see you again in three months, or sooner if it gets worse.
Patient: Thank you so much, Doctor.
Doctor: Are you allergic to anything?
Patient: Penicillin. I broke out in a rash when I was a kid.
Doctor: How long have you had the swelling?
Patient: Since last Tuesday, I think.
Doctor: And the other knee, is it the same?
""".strip().split("\n")

HEADERS = [
    "HISTORY OF PRESENT ILLNESS:",
    "PAST MEDICAL HISTORY:",
    "MEDICATIONS:",
    "PHYSICAL EXAMINATION:",
    "ASSESSMENT AND PLAN:",
    "HOSPITAL COURSE:",
    "Review of systems:",
    "Social history:",
    "IMPRESSION:",
    "LABORATORY DATA:",
    "O/E",
    "Plan",
]
