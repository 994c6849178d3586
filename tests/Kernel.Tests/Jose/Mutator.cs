using System.Buffers.Text;
using System.Text;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>Changes a text a little, in ways that a parser might not mind. Seeded, so that a run can be repeated.</summary>
internal sealed class Mutator(int seed)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly string[] Nasty =
        [".", "..", "=", "==", " ", "\n", "\t", "\0", "+", "/", "%2E", "é", "\uD800", "\uFEFF", "A", "{", "}", "\"", ",", ":", "[", "]", "\\u0061", "\\ud800", "1e400", "null"];

    private static readonly string[] Members =
    [
        "\"alg\":\"none\",", "\"alg\":\"ES256\",", "\"ALG\":\"none\",", "\"crit\":[\"x\"],", "\"crit\":[],", "\"b64\":false,", "\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"},",
        "\"jku\":\"https://evil.test\",", "\"kid\":\"\",", "\"kid\":null,", "\"typ\":\"JWT\",", "\"x\":1,", "\"d\":\"AAAA\",", "\"k\":\"AAAA\",", "\"use\":\"enc\",", "\"\":0,", "\"kty\":\"oct\",",
        "\"keys\":[],", "\"exp\":1e400,", "\"x5c\":[\"AAAA\"],", "\"key_ops\":[\"verify\"],", "\"x\":[[[[[[[[[[[[]]]]]]]]]]]],",
    ];

    private readonly Random random = new(seed);

    public string Text(string text)
    {
        for (var times = random.Next(1, 4); times > 0; times--) text = Once(text);
        return text;
    }

    /// <summary>Like <see cref="Text"/>, and also inside of the three parts, so that a good share comes as far as the signature.</summary>
    public string Message(string message, string other)
    {
        var parts = message.Split('.');
        switch (random.Next(6))
        {
            case 0:
                return Text(message);
            case 1: // a part of another message, signed by the same key
                var at = random.Next(3);
                parts[at] = other.Split('.')[at];
                break;
            case 2: // signature bytes
                var signature = Base64Url.DecodeFromChars(parts[2]);
                signature[random.Next(signature.Length)] ^= (byte)(1 << random.Next(8));
                parts[2] = Base64Url.EncodeToString(signature);
                break;
            case 3: // a bit of header or payload
                var index = random.Next(2);
                var bytes = Base64Url.DecodeFromChars(parts[index]);
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                parts[index] = Base64Url.EncodeToString(bytes);
                break;
            case 4: // one character of the alphabet
                var part = random.Next(3);
                var position = random.Next(parts[part].Length);
                parts[part] = parts[part][..position] + Alphabet[random.Next(64)] + parts[part][(position + 1)..];
                break;
            default: // the JSON of header or payload
                var json = random.Next(2);
                parts[json] = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Json(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[json])))));
                break;
        }

        return string.Join('.', parts);
    }

    public string Json(string json)
    {
        switch (random.Next(5))
        {
            case 0:
                return Text(json);
            case 1: // a member more, at some object's beginning
                var objects = Enumerable.Range(0, json.Length).Where(i => json[i] == '{').ToList();
                return objects.Count == 0 ? json + "{" : json.Insert(objects[random.Next(objects.Count)] + 1, Members[random.Next(Members.Length)]);
            case 2: // white space, which changes nothing but the bytes
                var commas = Enumerable.Range(0, json.Length).Where(i => json[i] is ',' or ':' or '{').ToList();
                return commas.Count == 0 ? json + " " : json.Insert(commas[random.Next(commas.Count)] + 1, " ");
            case 3: // an escape for a letter
                var letter = random.Next(json.Length);
                return char.IsAsciiLetter(json[letter]) ? $"{json[..letter]}\\u{(int)json[letter]:x4}{json[(letter + 1)..]}" : Text(json);
            default: // another letter or digit
                var at = random.Next(json.Length);
                return json[..at] + Alphabet[random.Next(64)] + json[(at + 1)..];
        }
    }

    private string Once(string text)
    {
        if (text.Length < 4) return text + Nasty[random.Next(Nasty.Length)];
        var at = random.Next(text.Length - 1);
        var to = random.Next(at + 1, text.Length);
        return random.Next(9) switch
        {
            0 => text[..at] + (char)(text[at] ^ (1 << random.Next(8))) + text[(at + 1)..],
            1 => text[..at] + Alphabet[random.Next(64)] + text[(at + 1)..],
            2 => text.Remove(at, 1),
            3 => text.Remove(at, to - at),
            4 => text.Insert(at, Nasty[random.Next(Nasty.Length)]),
            5 => text.Insert(at, text[at..Math.Min(to, at + 40)]),
            6 => text[..at] + text[to] + text[(at + 1)..to] + text[at] + text[(to + 1)..],
            7 => text[..to],
            _ => text[..at] + (char.IsUpper(text[at]) ? char.ToLowerInvariant(text[at]) : char.ToUpperInvariant(text[at])) + text[(at + 1)..],
        };
    }
}
