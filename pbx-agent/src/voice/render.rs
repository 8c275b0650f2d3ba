//! Running the text-to-speech program, and making of its WAV what Asterisk plays: 8 kHz, 16 bit, mono.

use super::VoiceError;
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use rubato::{Fft, FixedSync, Resampler, audioadapter_buffers::owned::InterleavedOwned};
use std::{io::Cursor, os::unix::fs::PermissionsExt, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    time::timeout,
};

/// What Asterisk plays without transcoding a rate.
pub(super) const RATE: u32 = 8000;
const LIMIT: Duration = Duration::from_secs(20);
/// A minute of CD-quality mono; no prompt comes near it.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// Gives `text` to the program's standard input; what it wrote to standard output.
pub(super) async fn run(command: &[String], text: &str, language: &str) -> Result<Vec<u8>, VoiceError> {
    let Some((program, arguments)) = command.split_first() else { return Err(VoiceError::Silent) };
    let fail = |why: String| VoiceError::Program { program: program.clone(), why };
    let mut child = Command::new(program)
        .args(arguments.iter().map(|argument| argument.replace("{language}", language)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| fail(error.to_string()))?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(fail("has no pipes".to_owned()));
    };
    let talk = async {
        let mut wav = Vec::new();
        let mut limited = stdout.take(MOST_BYTES);
        let say = async {
            // A program that has heard enough may close its end; its WAV decides.
            let _ = stdin.write_all(text.as_bytes()).await;
            drop(stdin);
        };
        let (read, ()) = tokio::join!(limited.read_to_end(&mut wav), say);
        read?;
        drop(limited);
        std::io::Result::Ok((child.wait().await?, wav))
    };
    match timeout(LIMIT, talk).await {
        Ok(Ok((status, wav))) if status.success() => Ok(wav),
        Ok(Ok((status, _))) => Err(fail(format!("ended with {status}"))),
        Ok(Err(error)) => Err(fail(error.to_string())),
        Err(_) => Err(fail(format!("was not done within {} s", LIMIT.as_secs()))),
    }
}

/// Reads a WAV, also one whose header was written before its length was known, as espeak-ng does
/// on a pipe.
pub(super) fn telephone_quality(wav: &[u8]) -> Result<Vec<i16>, String> {
    let mut reader = WavReader::new(Cursor::new(wav)).map_err(|error| error.to_string())?;
    let WavSpec { channels, sample_rate, bits_per_sample, sample_format } = reader.spec();
    let readable =
        channels > 0 && (4000..=192_000).contains(&sample_rate) && (1..=32).contains(&bits_per_sample);
    if !readable {
        return Err(format!("{channels} channels of {bits_per_sample} bits at {sample_rate} Hz"));
    }
    // The end of the data ends the sound, whatever the header promised.
    let interleaved: Vec<f32> = match sample_format {
        SampleFormat::Int => {
            let scale = 1.0 / f64::from(1u32 << (bits_per_sample - 1)) as f32;
            reader.samples::<i32>().map_while(Result::ok).map(|sample| sample as f32 * scale).collect()
        }
        SampleFormat::Float => reader.samples::<f32>().map_while(Result::ok).collect(),
    };
    let channels = usize::from(channels);
    let mono: Vec<f32> =
        interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect();
    if mono.is_empty() {
        return Err("there is no sound in it".to_owned());
    }
    let resampled = if sample_rate == RATE { mono } else { resample(mono, sample_rate)? };
    Ok(resampled.into_iter().map(|sample| (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16).collect())
}

fn resample(mono: Vec<f32>, from: u32) -> Result<Vec<f32>, String> {
    let length = mono.len();
    let input = InterleavedOwned::new_from(mono, 1, length).map_err(|error| error.to_string())?;
    let mut resampler = Fft::<f32>::new(from as usize, RATE as usize, 1024, 1, FixedSync::Both)
        .map_err(|error| error.to_string())?;
    let output = resampler.process_all(&input, length, None).map_err(|error| error.to_string())?;
    Ok(output.take_data())
}

/// Whole or not at all; readable by Asterisk's user.
pub(super) fn write(path: &Path, samples: &[i16]) -> Result<(), String> {
    let spec =
        WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).map_err(|error| error.to_string())?;
    for sample in samples {
        writer.write_sample(*sample).map_err(|error| error.to_string())?;
    }
    writer.finalize().map_err(|error| error.to_string())?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(|error| error.to_string())?;
    std::io::Write::write_all(&mut file, bytes.get_ref()).map_err(|error| error.to_string())?;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))
        .map_err(|error| error.to_string())?;
    file.persist(path).map_err(|error| error.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A second of a tone.
    fn wav(channels: u16, sample_rate: u32, bits_per_sample: u16) -> Vec<u8> {
        let spec = WavSpec { channels, sample_rate, bits_per_sample, sample_format: SampleFormat::Int };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        let loudest = f64::from(1u32 << (bits_per_sample - 1)) * 0.5;
        for at in 0..sample_rate {
            let sample =
                (f64::from(at) * 880.0 * std::f64::consts::TAU / f64::from(sample_rate)).sin() * loudest;
            for _ in 0..channels {
                writer.write_sample(sample as i32).unwrap();
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn whatever_a_program_speaks_becomes_telephone_quality_of_the_same_length_and_loudness() {
        for (channels, rate, bits) in
            [(1, 8000, 16), (1, 22_050, 16), (2, 44_100, 16), (1, 48_000, 24), (1, 16_000, 8)]
        {
            let samples = telephone_quality(&wav(channels, rate, bits)).expect("a WAV");
            assert!((7900..8300).contains(&samples.len()), "{rate}: {}", samples.len());
            let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((15_000..18_000).contains(&loudest), "{rate} Hz, {bits} bits: {loudest}");
        }
    }

    #[test]
    fn a_header_that_promises_more_than_was_spoken_is_believed_as_far_as_it_goes() {
        // espeak-ng on a pipe writes lengths of 2 GB, since it does not know better yet.
        let mut wav = wav(1, 8000, 16);
        wav[4..8].copy_from_slice(&0x7fff_f024u32.to_le_bytes());
        wav[40..44].copy_from_slice(&0x7fff_f000u32.to_le_bytes());
        assert_eq!(telephone_quality(&wav).map(|samples| samples.len()), Ok(8000));
    }

    #[test]
    fn what_is_no_sound_is_an_error() {
        for (bytes, why) in
            [(&b""[..], ""), (b"RIFF", ""), (b"command not found", ""), (&wav(1, 8000, 16)[..44], "no sound")]
        {
            let said = telephone_quality(bytes).expect_err("no sound");
            assert!(said.contains(why), "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(changes in prop::collection::vec((0usize..44, any::<u8>()), 1..6)) {
            let mut wav = wav(1, 8000, 16)[..2044].to_vec();
            for (at, byte) in changes {
                wav[at] = byte;
            }
            let _ = telephone_quality(&wav);
        }
    }

    #[tokio::test]
    async fn a_program_that_fails_or_is_not_there_is_named() {
        let run = async |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            run(&words, "Test", "en").await
        };
        assert!(run(&["/nowhere/espeak"]).await.unwrap_err().to_string().starts_with("/nowhere/espeak: "));
        assert!(run(&["false"]).await.unwrap_err().to_string().contains("ended with"));
        assert!(matches!(run(&[]).await, Err(VoiceError::Silent)));
        assert_eq!(run(&["cat"]).await.unwrap(), b"Test");
        assert_eq!(run(&["echo", "-n", "{language}"]).await.unwrap(), b"en");
        // One that hears nothing and one that never stops talking.
        assert_eq!(run(&["true"]).await.unwrap(), b"");
        assert!(run(&["yes"]).await.is_err());
    }
}
