#!/bin/sh
# Speaks the sample recordings of this folder again. Needs: apt-get install flite espeak-ng sox
# Every clip starts and ends with 0.2 s of room; a faint noise stands for the microphone's own.
set -eu
cd "$(dirname "$0")"
raw=$(mktemp --suffix .wav)
word=$(mktemp --suffix .wav)
trap 'rm -f "$raw" "$word"' EXIT

# flite_says VOICE STRETCH TEXT: STRETCH above 1 is slower.
flite_says() {
    flite -voice "$1" --setf duration_stretch="$2" -t "$3" -o "$raw"
}

# espeak_says VOICE WORDS-PER-MINUTE TEXT
espeak_says() {
    espeak-ng -v "$1" -s "$2" -w "$raw" "$3"
}

# recorded_as FILE RATE: cuts the engine's own silence, puts 0.2 s at both ends, peak at -4 dB, noise at -60 dB.
recorded_as() {
    sox -R -V1 "$raw" "$word" rate -h "$2" silence 1 0.01 1% reverse silence 1 0.01 1% pad 0.2 reverse pad 0.2 norm -4
    sox -R -V1 "$word" -p synth pinknoise vol 0.006 | sox -R -V1 -m -v 1 "$word" -v 1 -p -b 16 "$1"
}

flite_says rms 1.05 "computer"
recorded_as computer.wav 44100

espeak_says en-gb-x-rp+f5 157 "jarvis"
recorded_as jarvis.flac 8000

flite_says kal16 1.05 "snow boy"
recorded_as snowboy.flac 16000

espeak_says en-us+m7 183 "view glass"
recorded_as view-glass.flac 22050

flite_says rms 1.0 "please put the letters on the kitchen table"
recorded_as other-speech.flac 16000

sox -R -V1 -n -r 16000 -c 1 -b 16 silence.wav synth 1.2 pinknoise vol 0.006
