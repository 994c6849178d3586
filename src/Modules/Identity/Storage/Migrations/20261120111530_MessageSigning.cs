using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Identity.Storage.Migrations
{
    /// <inheritdoc />
    public partial class MessageSigning : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "AuthorizationResponseAlgorithm",
                schema: "identity",
                table: "clients",
                type: "text",
                nullable: false,
                defaultValue: "PS256");

            migrationBuilder.AddColumn<string>(
                name: "IntrospectionAlgorithm",
                schema: "identity",
                table: "clients",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "RequestObjectAlgorithm",
                schema: "identity",
                table: "clients",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "RequiresPushedRequests",
                schema: "identity",
                table: "clients",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "RequiresSignedRequests",
                schema: "identity",
                table: "clients",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AlterColumn<string>(
                name: "CodeChallenge",
                schema: "identity",
                table: "authorization_codes",
                type: "text",
                nullable: true,
                oldClrType: typeof(string),
                oldType: "text");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "AuthorizationResponseAlgorithm",
                schema: "identity",
                table: "clients");

            migrationBuilder.DropColumn(
                name: "IntrospectionAlgorithm",
                schema: "identity",
                table: "clients");

            migrationBuilder.DropColumn(
                name: "RequestObjectAlgorithm",
                schema: "identity",
                table: "clients");

            migrationBuilder.DropColumn(
                name: "RequiresPushedRequests",
                schema: "identity",
                table: "clients");

            migrationBuilder.DropColumn(
                name: "RequiresSignedRequests",
                schema: "identity",
                table: "clients");

            migrationBuilder.AlterColumn<string>(
                name: "CodeChallenge",
                schema: "identity",
                table: "authorization_codes",
                type: "text",
                nullable: false,
                defaultValue: "",
                oldClrType: typeof(string),
                oldType: "text",
                oldNullable: true);
        }
    }
}
