#!/bin/sh
# Speaks the sample recordings of this folder again. Needs: apt-get install flite espeak-ng sox
# Every clip starts and ends with 0.3 s of room; a faint noise stands for the microphone's own.
set -eu
cd "$(dirname "$0")"
raw=$(mktemp --suffix .wav)
said=$(mktemp --suffix .wav)
both=$(mktemp --suffix .wav)
trap 'rm -f "$raw" "$said" "$both"' EXIT

# flite_says VOICE STRETCH TEXT: STRETCH above 1 is slower.
flite_says() {
    flite -voice "$1" --setf duration_stretch="$2" -t "$3" -o "$raw"
}

# espeak_says VOICE WORDS-PER-MINUTE TEXT
espeak_says() {
    espeak-ng -v "$1" -s "$2" -w "$raw" "$3"
}

# recorded_as FILE RATE: cuts the engine's own silence, puts 0.3 s at both ends, peak at -4 dB, noise at -60 dB.
recorded_as() {
    sox -R -V1 "$raw" "$said" rate -h "$2" silence 1 0.01 1% reverse silence 1 0.01 1% pad 0.3 reverse pad 0.3 norm -4
    sox -R -V1 "$said" -p synth pinknoise vol 0.006 | sox -R -V1 -m -v 1 "$said" -v 1 -p -b 16 "$1"
}

flite_says rms 1.05 "can I have a large double shot latte with some soy milk and brown sugar"
recorded_as latte.flac 16000

espeak_says en-us+f3 150 "get me a small espresso"
recorded_as espresso.flac 22050

# Two orders in one recording, with 1.5 s between them.
flite_says slt 1.05 "make me a dark roast twelve ounce americano"
sox -R -V1 "$raw" "$both" rate -h 16000 pad 0 1.5
flite_says slt 1.05 "I want a medium cappuccino with lots of cream"
sox -R -V1 "$both" "$raw" "$said" rate -h 16000
cp "$said" "$raw"
recorded_as two-orders.flac 16000

flite_says rms 1.0 "please put the letters on the kitchen table"
recorded_as other-speech.flac 16000

# The same order in other languages, which the net never heard.
espeak_says de 150 "Bringen Sie mir bitte einen großen Kaffee mit etwas Milch und Zucker."
recorded_as german.flac 16000

espeak_says fr-fr 150 "Je voudrais un grand café avec un peu de lait, s'il vous plaît."
recorded_as french.flac 16000

flite_says rms 1.05 "set the fan to three"
recorded_as ../../car-voice/inputs/fan.flac 16000

espeak_says en-us+m3 150 "I'm cold"
recorded_as ../../car-voice/inputs/cold.flac 16000

sox -R -V1 -n -r 16000 -c 1 -b 16 silence.wav synth 2 pinknoise vol 0.006
