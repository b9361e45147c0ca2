using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace FuncLimiter.Functions.Tests.Contracts;

/// <summary>
/// What an assembly takes from others, as its metadata has it: members it calls, attributes with what they are given, and members of types
/// it derives from or implements. Each is named <c>Type.Member</c>, a constructor by its type's name, a type by its name alone.
/// </summary>
internal static class UsedMembers
{
    /// <summary>Reads an assembly.</summary>
    public static IEnumerable<string> Of(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        var attributes = new AttributeTypes();
        return
        [
            .. metadata.TypeReferences.Select(handle => Plain(metadata.GetString(metadata.GetTypeReference(handle).Name))),
            .. metadata.MemberReferences.Select(metadata.GetMemberReference).Select(member => Name(TypeName(metadata, member.Parent), metadata.GetString(member.Name))),
            .. metadata.CustomAttributes.Select(metadata.GetCustomAttribute).Where(attribute => attribute.Constructor.Kind == HandleKind.MemberReference)
                .SelectMany(attribute => attribute.DecodeValue(attributes).NamedArguments
                    .Select(given => $"{TypeName(metadata, metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent)}.{given.Name}")),
            .. metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).SelectMany(type => Inherited(metadata, type)),
        ];
    }

    private static IEnumerable<string> Inherited(MetadataReader metadata, TypeDefinition type)
    {
        var bases = type.GetInterfaceImplementations().Select(handle => metadata.GetInterfaceImplementation(handle).Interface).Append(type.BaseType)
            .Where(handle => !handle.IsNil).Select(handle => TypeName(metadata, handle)).ToArray();
        return type.GetMethods().Select(handle => metadata.GetString(metadata.GetMethodDefinition(handle).Name))
            .SelectMany(method => bases.Select(name => Name(name, method)));
    }

    private static string Name(string type, string member) => member switch
    {
        ".ctor" => $"{type}.{type}",
        ['g' or 's', 'e', 't', '_', .. var property] => $"{type}.{property}",
        _ => $"{type}.{member}",
    };

    private static string TypeName(MetadataReader metadata, EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeReference => Plain(metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)handle).Name)),
        HandleKind.TypeDefinition => Plain(metadata.GetString(metadata.GetTypeDefinition((TypeDefinitionHandle)handle).Name)),
        HandleKind.TypeSpecification => metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(new AttributeTypes(), null),
        _ => "",
    };

    private static string Plain(string name) => name.IndexOf('`', StringComparison.Ordinal) is > 0 and var arity ? name[..arity] : name;

    /// <summary>Types by their names, which is all that is needed here.</summary>
    private sealed class AttributeTypes : ICustomAttributeTypeProvider<string>, ISignatureTypeProvider<string, object?>
    {
        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetSystemType() => nameof(Type);

        public string GetSZArrayType(string elementType) => elementType;

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => TypeName(reader, handle);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => TypeName(reader, handle);

        public string GetTypeFromSerializedName(string name) => name;

        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;

        public bool IsSystemType(string type) => type == nameof(Type);

        public string GetArrayType(string elementType, ArrayShape shape) => elementType;

        public string GetByReferenceType(string elementType) => elementType;

        public string GetFunctionPointerType(MethodSignature<string> signature) => "";

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => genericType;

        public string GetGenericMethodParameter(object? genericContext, int index) => "";

        public string GetGenericTypeParameter(object? genericContext, int index) => "";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetPinnedType(string elementType) => elementType;

        public string GetPointerType(string elementType) => elementType;

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => TypeName(reader, handle);
    }
}
