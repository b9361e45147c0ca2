using System.Text;

namespace FuncLimiter.Providers.Passing;

/// <summary>Finds the fields of a form (RFC 7578) that are no files, where they stand in its bytes.</summary>
internal static class FormFields
{
    private const int LongestBoundary = 200;
    private const int MostParts = 1024;

    /// <summary>The fields, each with its name and the place of its value. A form that is cut or not well-formed ends where it does.</summary>
    /// <param name="body">The form.</param>
    /// <param name="contentType">Its media type, which tells its boundary.</param>
    public static List<(string Name, int Offset, int Length)> Read(ReadOnlySpan<byte> body, string contentType)
    {
        var fields = new List<(string, int, int)>();
        if (Boundary(contentType) is not { Length: > 0 and <= LongestBoundary } boundary)
        {
            return fields;
        }

        var mark = Encoding.ASCII.GetBytes($"--{boundary}");
        ReadOnlySpan<byte> end = [.. "\r\n"u8, .. mark];
        var at = body.IndexOf(mark);
        for (var part = 0; at >= 0 && part < MostParts; part++)
        {
            at += mark.Length;
            if (body[at..] is [(byte)'-', (byte)'-', ..] || body[at..].IndexOf("\r\n\r\n"u8) is not (>= 0 and var head))
            {
                break;
            }

            var value = at + head + 4;
            var length = body[value..].IndexOf(end);
            if (length < 0)
            {
                break;
            }

            if (FieldName(Encoding.UTF8.GetString(body.Slice(at, head))) is { } name)
            {
                fields.Add((name, value, length));
            }

            at = value + length + 2;
        }

        return fields;
    }

    private static string? Boundary(string contentType) => Parameter(contentType, "boundary");

    /// <summary>The name of a part that is no file.</summary>
    private static string? FieldName(string head)
    {
        const string disposition = "content-disposition:";
        foreach (var line in head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith(disposition, StringComparison.OrdinalIgnoreCase))
            {
                return Parameter(line, "filename") is null ? Parameter(line, "name") : null;
            }
        }

        return null;
    }

    private static string? Parameter(string text, string name)
    {
        foreach (var part in text.Split(';').Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && part.AsSpan(0, equals).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return part[(equals + 1)..].Trim().Trim('"');
            }
        }

        return null;
    }
}
