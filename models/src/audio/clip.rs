//! A clip: mono samples and their rate, decoded from the bytes of a WAV or FLAC file.
//!
//! What a file's header claims is checked before it is believed: it decides no allocation, and a file that ends
//! before its header says is refused, not played as far as it goes.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::{Decoder, DecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::probe::Hint;

/// Largest file that is read, in bytes.
pub const CLIP_BYTES_MAX: usize = 256 << 20;

/// Longest clip that is decoded, in seconds.
pub const CLIP_SECONDS_MAX: u32 = 3600;

/// Most channels a file may have.
pub const CHANNELS_MAX: u16 = 8;

/// Lowest sample rate that is decoded, in Hz.
pub const RATE_HZ_MIN: u32 = 4_000;

/// Highest sample rate that is decoded, in Hz.
pub const RATE_HZ_MAX: u32 = 192_000;

/// A stretch of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Mono samples, nominally in -1..1; several channels are averaged.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub rate_hz: u32,
}

/// Why a clip could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClipError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The path as given.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The path names a directory.
    #[error("`{path}` is a directory, expected a WAV or FLAC file")]
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// The file holds no byte.
    #[error("the file is empty")]
    Empty,
    /// The file is larger than [`CLIP_BYTES_MAX`].
    #[error("the file is larger than {CLIP_BYTES_MAX} bytes")]
    TooLarge,
    /// The bytes begin neither like a WAV nor like a FLAC file.
    #[error("the file is neither WAV nor FLAC")]
    Format,
    /// The header names no channel or too many.
    #[error("the file has {found} channels, expected 1 to {CHANNELS_MAX}")]
    Channels {
        /// Channels named by the header.
        found: u16,
    },
    /// The header names a sample rate that is not decoded.
    #[error("the file has a sample rate of {found_hz} Hz, expected {RATE_HZ_MIN} to {RATE_HZ_MAX} Hz")]
    Rate {
        /// Rate named by the header, in Hz.
        found_hz: u32,
    },
    /// The clip is longer than [`CLIP_SECONDS_MAX`].
    #[error("the clip is longer than {CLIP_SECONDS_MAX} seconds")]
    TooLong,
    /// The file ends before the length its header names.
    #[error("the file is truncated: it holds {found} of {expected} samples")]
    Truncated {
        /// Samples per channel named by the header.
        expected: u64,
        /// Samples per channel that decode.
        found: u64,
    },
    /// The header is cut off or contradicts itself, or a coded block is damaged.
    #[error("the file is malformed: {reason}")]
    Malformed {
        /// What the decoder says.
        reason: String,
    },
    /// A floating-point sample is infinite or not a number.
    #[error("sample {index} is not a finite number")]
    NotFinite {
        /// Index of the first such sample.
        index: usize,
    },
}

impl Clip {
    /// Reads and decodes a WAV or FLAC file.
    ///
    /// # Errors
    /// [`ClipError::Read`], [`ClipError::Directory`] and [`ClipError::TooLarge`] for the file, the others as
    /// [`decode`].
    pub fn read(path: &Path) -> Result<Self, ClipError> {
        decode(read_bytes(path)?)
    }

    /// Returns the length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate_hz)
    }
}

/// Returns the bytes of the file `path`, at most one more than [`CLIP_BYTES_MAX`].
///
/// # Errors
/// [`ClipError::Read`], [`ClipError::Directory`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, ClipError> {
    let failed = |source| ClipError::Read {
        path: path.to_path_buf(),
        source,
    };
    if std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Err(ClipError::Directory {
            path: path.to_path_buf(),
        });
    }
    let mut bytes = Vec::new();
    let limit = CLIP_BYTES_MAX as u64 + 1;
    File::open(path)
        .map_err(failed)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}

/// Decodes the bytes of a WAV or FLAC file.
///
/// # Errors
/// Each fault of a file has its own variant of [`ClipError`].
pub fn decode(bytes: Vec<u8>) -> Result<Clip, ClipError> {
    let header = ClipHeader::of(&bytes)?;
    let mut samples = Vec::new();
    decode_frames(bytes, &header, |frame| {
        samples.push(frame.iter().sum::<f32>() / frame.len() as f32);
    })?;
    finite(&samples)?;
    Ok(Clip {
        samples,
        rate_hz: header.rate_hz,
    })
}

/// Decodes the bytes of a WAV or FLAC file and keeps its channels apart: those of a sensor with several axes. Returns a
/// clip for each channel, all of one length. Samples of floating point stay as they are, in whatever unit.
///
/// # Errors
/// As [`decode`].
pub fn decode_channels(bytes: Vec<u8>) -> Result<Vec<Clip>, ClipError> {
    let header = ClipHeader::of(&bytes)?;
    let mut channels = vec![Vec::new(); usize::from(header.channels)];
    decode_frames(bytes, &header, |frame| {
        for (channel, sample) in channels.iter_mut().zip(frame) {
            channel.push(*sample);
        }
    })?;
    channels.iter().try_for_each(|samples| finite(samples))?;
    let clip = |samples| Clip {
        samples,
        rate_hz: header.rate_hz,
    };
    Ok(channels.into_iter().map(clip).collect())
}

fn finite(samples: &[f32]) -> Result<(), ClipError> {
    match samples.iter().position(|sample| !sample.is_finite()) {
        Some(index) => Err(ClipError::NotFinite { index }),
        None => Ok(()),
    }
}

/// What the first bytes of a file claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipHeader {
    /// Number of channels.
    pub channels: u16,
    /// Samples per second.
    pub rate_hz: u32,
    /// Samples per channel; absent where the header leaves it open.
    pub length: Option<u64>,
}

impl ClipHeader {
    /// Reads the header of a whole WAV or FLAC file, without decoding what follows it.
    ///
    /// # Errors
    /// As [`decode`], less the faults of the sound itself.
    pub fn of(bytes: &[u8]) -> Result<Self, ClipError> {
        if bytes.is_empty() {
            return Err(ClipError::Empty);
        }
        if bytes.len() > CLIP_BYTES_MAX {
            return Err(ClipError::TooLarge);
        }
        let header = Self::sniff(bytes)?;
        if header.channels == 0 || header.channels > CHANNELS_MAX {
            return Err(ClipError::Channels {
                found: header.channels,
            });
        }
        if header.rate_hz < RATE_HZ_MIN || header.rate_hz > RATE_HZ_MAX {
            return Err(ClipError::Rate {
                found_hz: header.rate_hz,
            });
        }
        Ok(header)
    }

    fn sniff(bytes: &[u8]) -> Result<Self, ClipError> {
        if bytes.starts_with(b"fLaC") {
            Self::flac(bytes)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") {
            Self::wav(bytes)
        } else {
            Err(ClipError::Format)
        }
    }

    /// Reads the STREAMINFO block: 20 bits of rate, 3 of channels less one, 5 of depth, 36 of length.
    ///
    /// # Source
    /// RFC 9639, section 8.2.
    fn flac(bytes: &[u8]) -> Result<Self, ClipError> {
        let packed = read_array::<8>(bytes, 18).map(u64::from_be_bytes);
        let packed = packed.ok_or_else(|| malformed("the FLAC header is cut off"))?;
        let length = packed & ((1 << 36) - 1);
        Ok(Self {
            channels: bits::<u16>(packed, 41, 3) + 1,
            rate_hz: bits::<u32>(packed, 44, 20),
            length: (length > 0).then_some(length),
        })
    }

    /// Walks the chunks to `fmt ` and `data`.
    ///
    /// # Source
    /// Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0, 1991.
    fn wav(bytes: &[u8]) -> Result<Self, ClipError> {
        let mut offset = 12;
        let mut format: Option<(u16, u32, u16)> = None;
        while let (Some(id), Some(size)) = (read_array::<4>(bytes, offset), read_u32(bytes, offset + 4)) {
            let body = offset + 8;
            if &id == b"fmt " {
                let fields = (
                    read_u16(bytes, body + 2),
                    read_u32(bytes, body + 4),
                    read_u16(bytes, body + 12),
                );
                let (Some(channels), Some(rate_hz), Some(block_bytes)) = fields else {
                    break;
                };
                format = Some((channels, rate_hz, block_bytes));
            } else if &id == b"data" {
                let (channels, rate_hz, block_bytes) =
                    format.ok_or_else(|| malformed("the WAV file has no `fmt ` chunk before its data"))?;
                // Writers to a pipe leave the size at its largest value: then the length is what there is.
                let blocks = |bytes: usize| bytes as u64 / u64::from(block_bytes.max(1));
                let length = (size != u32::MAX).then(|| blocks(size as usize));
                let found = blocks(bytes.len().saturating_sub(body));
                return match length {
                    Some(expected) if found < expected && block_bytes > 0 => {
                        Err(ClipError::Truncated { expected, found })
                    }
                    _ => Ok(Self {
                        channels,
                        rate_hz,
                        length,
                    }),
                };
            }
            offset = body
                .saturating_add(size as usize)
                .saturating_add(size as usize % 2);
        }
        Err(malformed("the WAV header is cut off"))
    }
}

fn bits<T: TryFrom<u64> + Default>(packed: u64, low: u32, count: u32) -> T {
    T::try_from((packed >> low) & ((1 << count) - 1)).unwrap_or_default()
}

fn read_array<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

fn read_u16(bytes: &[u8], offset: usize) -> Option<u16> {
    read_array(bytes, offset).map(u16::from_le_bytes)
}

fn read_u32(bytes: &[u8], offset: usize) -> Option<u32> {
    read_array(bytes, offset).map(u32::from_le_bytes)
}

fn malformed(reason: &str) -> ClipError {
    ClipError::Malformed {
        reason: reason.to_owned(),
    }
}

/// Hands every frame, a sample of each channel, to `take`.
fn decode_frames(bytes: Vec<u8>, header: &ClipHeader, mut take: impl FnMut(&[f32])) -> Result<(), ClipError> {
    let (mut format, mut decoder) = open(bytes)?;
    let length_max = u64::from(CLIP_SECONDS_MAX) * u64::from(header.rate_hz);
    let mut found = 0_u64;
    loop {
        let packet = match format.next_packet() {
            Ok(packet) => packet,
            Err(SymphoniaError::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(malformed(&error.to_string())),
        };
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            // A block cut off by the end of the file: the count below tells that the file is truncated.
            Err(SymphoniaError::IoError(_)) => break,
            Err(error) => return Err(malformed(&error.to_string())),
        };
        let channels = decoded.spec().channels.count();
        if channels != usize::from(header.channels) {
            return Err(malformed(
                "a block has another number of channels than the header",
            ));
        }
        let mut buffer = SampleBuffer::<f32>::new(decoded.frames() as u64, *decoded.spec());
        buffer.copy_interleaved_ref(decoded);
        let frames = buffer.samples().chunks_exact(channels);
        found += frames.len() as u64;
        if found > length_max {
            return Err(ClipError::TooLong);
        }
        frames.for_each(&mut take);
    }
    match header.length {
        Some(expected) if found < expected => Err(ClipError::Truncated { expected, found }),
        _ if found == 0 => Err(malformed("the file holds no samples")),
        _ => Ok(()),
    }
}

type Opened = (Box<dyn FormatReader>, Box<dyn Decoder>);

fn open(bytes: Vec<u8>) -> Result<Opened, ClipError> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let options = (FormatOptions::default(), MetadataOptions::default());
    let probed = symphonia::default::get_probe()
        .format(&Hint::new(), stream, &options.0, &options.1)
        .map_err(|error| malformed(&error.to_string()))?;
    let track = probed
        .format
        .default_track()
        .ok_or_else(|| malformed("the file has no audio track"))?;
    let decoder = symphonia::default::get_codecs()
        .make(&track.codec_params, &DecoderOptions { verify: false })
        .map_err(|error| malformed(&error.to_string()))?;
    Ok((probed.format, decoder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WAV file of 16-bit samples, interleaved.
    fn wav(channels: u16, rate_hz: u32, samples: &[i16]) -> Vec<u8> {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let block_bytes = channels.wrapping_mul(2);
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + u32::try_from(data.len()).unwrap()).to_le_bytes());
        bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0");
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate_hz.to_le_bytes());
        bytes.extend((rate_hz.wrapping_mul(u32::from(block_bytes))).to_le_bytes());
        bytes.extend(block_bytes.to_le_bytes());
        bytes.extend(b"\x10\0data");
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        bytes.extend(data);
        bytes
    }

    fn check(bytes: Vec<u8>, expected: &str) {
        assert_eq!(decode(bytes).unwrap_err().to_string(), expected);
    }

    #[test]
    fn channels_are_averaged_and_scaled_to_one() {
        let clip = decode(wav(2, 8_000, &[16_384, 0, -32_768, -32_768])).unwrap();
        assert_eq!(
            clip,
            Clip {
                samples: vec![0.25, -1.0],
                rate_hz: 8_000
            }
        );
        assert!((clip.seconds() - 2.0 / 8_000.0).abs() < 1e-12);
    }

    #[test]
    fn channels_are_kept_apart_for_a_sensor_of_several_axes() {
        let clips = decode_channels(wav(2, 8_000, &[16_384, 0, -32_768, 8_192])).unwrap();
        let clip = |samples: &[f32]| Clip {
            samples: samples.to_vec(),
            rate_hz: 8_000,
        };
        assert_eq!(clips, [clip(&[0.5, -1.0]), clip(&[0.0, 0.25])]);
    }

    #[test]
    fn each_fault_of_a_file_has_its_own_error() {
        check(Vec::new(), "the file is empty");
        check(b"call me Ishmael".to_vec(), "the file is neither WAV nor FLAC");
        check(
            wav(0, 16_000, &[0; 8]),
            "the file has 0 channels, expected 1 to 8",
        );
        check(
            wav(65_535, 16_000, &[0; 8]),
            "the file has 65535 channels, expected 1 to 8",
        );
        check(
            wav(1, 1_000, &[0; 8]),
            "the file has a sample rate of 1000 Hz, expected 4000 to 192000 Hz",
        );
        check(
            wav(1, 16_000, &[]),
            "the file is malformed: the file holds no samples",
        );
        check(
            wav(1, 16_000, &[0; 8])[..20].to_vec(),
            "the file is malformed: the WAV header is cut off",
        );
        check(
            b"fLaC\0\0\0\x22".to_vec(),
            "the file is malformed: the FLAC header is cut off",
        );
    }

    #[test]
    fn a_truncated_wav_is_refused_with_the_count() {
        let bytes = wav(1, 16_000, &[1; 4_000]);
        check(
            bytes[..44 + 2_000].to_vec(),
            "the file is truncated: it holds 1000 of 4000 samples",
        );
    }

    #[test]
    fn a_header_that_claims_gigabytes_allocates_nothing() {
        let mut bytes = wav(1, 16_000, &[1; 8]);
        bytes[40..44].copy_from_slice(&0xFFFF_FFF0_u32.to_le_bytes());
        check(bytes, "the file is truncated: it holds 8 of 2147483640 samples");
    }

    #[test]
    fn a_missing_file_and_a_directory_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Clip::read(folder.path()),
            Err(ClipError::Directory { .. })
        ));
        assert!(matches!(
            Clip::read(&folder.path().join("none.wav")),
            Err(ClipError::Read { .. })
        ));
    }

    #[test]
    fn random_bytes_after_a_header_never_panic() {
        use rand::{Rng, SeedableRng};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        for _ in 0..300 {
            let mut bytes = wav(1, 16_000, &[1; 64]);
            for _ in 0..4 {
                let index = random.next_u32() as usize % bytes.len();
                bytes[index] = random.next_u32().to_le_bytes()[0];
            }
            let _ = decode(bytes);
        }
    }
}
