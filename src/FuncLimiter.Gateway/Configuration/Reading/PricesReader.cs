using System.Text.Json;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads which catalogue gives prices to models that have none written.</summary>
internal static class PricesReader
{
    private const string Name = "prices";
    private const string Shipped = "shipped";

    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    public static PriceCatalogue? Read(ObjectReader root, MistakeList mistakes)
    {
        switch (root.Text(Name))
        {
            case null:
                return null;
            case Shipped:
                return PriceCatalogue.Shipped;
            case var file:
                try
                {
                    using var document = JsonDocument.Parse(File.ReadAllBytes(file), Options);
                    return PriceCatalogue.Read(document.RootElement);
                }
                catch (Exception broken) when (broken is JsonException or FormatException)
                {
                    mistakes.Add(root.At(Name), $"{MistakeList.Quote(file)}, a file that is no catalogue: {broken.Message}", $"write \"{Shipped}\", or mend the file");
                    return null;
                }
                catch (Exception missing) when (missing is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
                {
                    mistakes.Add(root.At(Name), $"{MistakeList.Quote(file)}, a file that can't be read", $"write {Shapes.Root[Name].Wanted}");
                    return null;
                }
        }
    }
}
